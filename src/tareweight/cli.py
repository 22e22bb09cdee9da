"""`tare`: the same tasks as a command of its own, for any repository."""

from __future__ import annotations

import os
import re
import sys

from invoke import Exit, ParseError, Program

from tareweight import __version__, console
from tareweight.executor import Executor
from tareweight.tasks import namespace


class _Tare(Program):
    """Invoke's program, whose own parsing faults are bad input like any other: one line, 2."""

    def parse_core(self, argv: list[str] | None) -> None:
        try:
            super().parse_core(argv)
        except ParseError as error:
            _refuse(error)

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except ParseError as error:
            _refuse(error)

    def parse_cleanup(self) -> None:
        try:
            super().parse_cleanup()
        except ParseError as error:
            _refuse(error)


def _refuse(error: ParseError) -> None:
    said = re.sub(r"Flag <Argument: ([\w-]*[a-z])_?[ >].*needed value and was not given one!", r"--\1 needs a value.", str(error))
    console.error(f"{said} `tare --list` and `tare --help TASK` tell what there is")
    raise Exit(code=2) from None


def main() -> None:
    """The entry point of the `tare` command."""
    try:
        _Tare(
            namespace=namespace, name="Tareweight", binary="tare", binary_names=["tare"], version=__version__, executor_class=Executor
        ).run()
    except BrokenPipeError:
        # Whoever read the output has left. What is still buffered must not fail a second time at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
