"""`tare`: the same tasks as a command of its own, for any repository."""

from __future__ import annotations

from invoke import Program

from tareweight import __version__
from tareweight.tasks import namespace


def main() -> None:
    """The entry point of the `tare` command."""
    Program(namespace=namespace, name="Tareweight", binary="tare", binary_names=["tare"], version=__version__).run()
