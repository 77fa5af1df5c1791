"""The integer program: what a compiled model is, and the file that holds it."""
