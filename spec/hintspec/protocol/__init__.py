"""The protocol: who owns what, and every step of guest, driver, device and hypervisor."""
