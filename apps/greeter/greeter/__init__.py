"""A small JSON service that greets."""
