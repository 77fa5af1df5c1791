"""Pictures, latents and `.lic` files."""
