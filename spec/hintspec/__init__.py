"""Virtio-balloon free page hinting, written once as a state machine in plain Python."""
