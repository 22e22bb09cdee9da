"""Every FROM -> Upstream (a digest) or Debian (a recipe)."""
