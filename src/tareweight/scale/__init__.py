"""An image -> what it weighs, and what each byte is for. `scan/` is a program of its own that runs beside the image."""
