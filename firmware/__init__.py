"""The bare-metal firmware: C sources that soc/builder.py compiles (this file only locates them)."""
