"""What knows the machine: devices, processes, signals, files."""
