"""The gate: what a patch to the Linux driver adds to, or takes from, what falls."""
