"""The `litelic` command."""
