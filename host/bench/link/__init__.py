"""What the link to a board does, measured in simulation: `make bench-link`."""
