"""A program of its own: `python3 -m scan ROOT` says what is in the file system mounted at ROOT.

Standard library alone, Python 3.9 or later, nothing of tareweight: it runs in a build beside the image (scale/beside.py).
"""
