"""Tareweight: how small and how safe can this container be, and does it still work?"""

__version__ = "0.1.0"
