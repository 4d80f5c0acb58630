"""The real driver: virtio_balloon.c of a kernel tree, compiled for user space and stepped from Python."""
