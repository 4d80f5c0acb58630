"""A stock QEMU under our control: its guest's balloon driver, and where it migrates to, are hintproof."""
