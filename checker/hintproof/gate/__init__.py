"""The gate: the violations that a patch to the Linux driver, or to QEMU, adds or fixes."""
