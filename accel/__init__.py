"""The accelerator: learned-image-compression operators on a multiplier array (docs/engine.md)."""
