"""What advice is given on, and what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from tareweight.advice.commands import Command, commands
from tareweight.advice.copies import Copy, landed
from tareweight.dockerfile import Instruction
from tareweight.scale.files import FileRow
from tareweight.scale.weight import Weight

Bound = Literal["exactly", "about", "at least", "at most"]
WORTH = 10_000
"""Bytes below which nothing is said, nor below a two-thousandth of the image."""


@dataclass(frozen=True)
class Advice:
    """One thing to do. `saves` is in bytes of size, or of waste where `of` says so; 0 where it makes the image safer, not smaller.

    `bound` says how sure the number is. `how` are lines to act on, for this image and its Dockerfile; `line` is where there to begin.
    """

    kind: str
    saves: int
    bound: Bound
    what: str
    how: tuple[str, ...]
    of: Literal["size", "waste"] = "size"
    line: int | None = None


class Step(NamedTuple):
    """A layer that the app's own Dockerfile made; `text` is its instruction (as the history has it), `line` where that stands."""

    bytes: int
    name: str
    text: str
    line: int | None

    @property
    def commands(self) -> list[Command]:
        """What a RUN runs."""
        return commands(self.text) if self.name == "RUN" else []

    @property
    def where(self) -> str:
        """ "Dockerfile:5"; where that isn't known the instruction itself, shortened."""
        return f"Dockerfile:{self.line}" if self.line else f"`{self.name} {self.text[:60]}`"


@dataclass(frozen=True)
class Case:
    """An image on the scale and what is known around it.

    `lines` has the Dockerfile's line for each of the weight's layers, None for the base's and where it isn't known. `siblings` are the
    other variants of the app that pass their checks, by name. `base_layers` is how many of the layers are the base's, None where that isn't
    known. `files` is the image's table of files, `base_files` that of the base (none for scratch); None where it couldn't be looked at.
    `instructions` are the whole Dockerfile's, and `base` what its last stage stands on in the end. `sent` are the files that the build is
    sent, by their path in the context, with their bytes; `ignore_file` is the name of the file that leaves some out. `locked` is the check's
    word on how locked down the image runs.
    """

    weight: Weight
    lines: tuple[int | None, ...] = ()
    siblings: Mapping[str, Weight] = field(default_factory=dict)
    base_layers: int | None = None
    files: Mapping[str, FileRow] = field(default_factory=dict)
    base_files: Mapping[str, FileRow] | None = None
    instructions: Sequence[Instruction] = ()
    base: str = ""
    sent: Mapping[str, int] = field(default_factory=dict)
    ignore_file: str = ".dockerignore"
    locked: str = ""

    @property
    def worth(self) -> int:
        """Bytes below which nothing is said."""
        return max(WORTH, self.weight.size // 2000)

    @cached_property
    def own(self) -> Mapping[str, FileRow]:
        """The files that the app's own layers brought or changed; none where the base couldn't be looked at."""
        base = self.base_files
        return {} if base is None else {path: row for path, row in self.files.items() if path not in base or not same(base[path], row)}

    @cached_property
    def steps(self) -> list[Step]:
        """The app's own layers, oldest first; none where it isn't known which they are."""
        if self.base_layers is None:
            return []
        lines = self.lines or (None,) * len(self.weight.layers)
        told = list(zip(self.weight.layers, lines, strict=True))[self.base_layers :]
        return [Step(layer.bytes, *_parted(layer.instruction), line) for layer, line in told]

    @cached_property
    def last_stage(self) -> Instruction | None:
        """The FROM of the last stage."""
        return next((one for one in reversed(self.instructions) if one.name == "FROM"), None)

    @cached_property
    def runs(self) -> list[tuple[str, Command]]:
        """Every command of every RUN of the app's own layers, with where it stands."""
        return [(step.where, command) for step in self.steps for command in step.commands]

    @cached_property
    def copies(self) -> list[Copy]:
        """The files of the context that the app's own layers copied."""
        folders = {path.rpartition("/")[0] for path in self.files}
        told = [(step.name, step.text, self.written(step)) for step in self.steps]
        return landed(told, self.sent, self.weight.config.workdir or "/", folders)

    @cached_property
    def copied(self) -> frozenset[str]:
        """Where they lie."""
        return frozenset(copy.path for copy in self.copies)

    def written(self, step: Step) -> Instruction | None:
        """A step as it stands in the Dockerfile, with its flags."""
        return next((one for one in self.instructions if step.line == one.line), None)

    def running(self, pattern: str) -> list[Step]:
        """The RUN steps in which `pattern` is found."""
        return [step for step in self.steps if step.name == "RUN" and re.search(pattern, step.text)]

    def smallest_sibling(self) -> tuple[str, Weight] | None:
        """The smallest other variant that passes its checks and is smaller than this one."""
        smaller = [(name, one) for name, one in self.siblings.items() if one.size < self.weight.size]
        return min(smaller, key=lambda item: item[1].size, default=None)


def same(one: FileRow, other: FileRow) -> bool:
    """Whether a file of the base is still as it was: what it is for may be told differently."""
    return one[1:5] == other[1:5] and one[7:] == other[7:]


def total(rows: Iterable[FileRow]) -> int:
    """Their bytes."""
    return sum(row.bytes for row in rows)


def under(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def listed(names: Sequence[str], most: int = 3) -> str:
    """ "a, b, c and 4 more"."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def places(steps: Iterable[Step]) -> str:
    """Where some steps stand: "Dockerfile:5, Dockerfile:9"."""
    return ", ".join(step.where for step in steps)


def first_line(steps: Sequence[Step]) -> int | None:
    """The line of the first of them that has one."""
    return next((step.line for step in steps if step.line), None)


def _parted(instruction: str) -> tuple[str, str]:
    name, _, text = instruction.partition(" ")
    return name, text.strip()
