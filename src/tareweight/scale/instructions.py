"""Instructions as builders write them into an image's history, brought back to how they stood in a Dockerfile."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from tareweight.dockerfile import Instruction, instructions
from tareweight.errors import one_line
from tareweight.scale import masking
from tareweight.scale.masking import mask
from tareweight.scale.weight import Layer

MOST_TEXT = 2000
"""Characters of an instruction that are kept."""
METADATA = {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"}
"""What changes the configuration alone and makes no layer."""
_CUT = " ..."
_CLASSIC = re.compile(r"/bin/sh -c #\(nop\) +")
_SHELL = re.compile(r"/(?:usr/)?bin/(?:ba|da|a|z|k)?sh(?: -\w+| pipefail)*? -\w*c\s+")
_ARGUMENTS = re.compile(r"(?:RUN )?\|(\d{1,4}) ")
_ASSIGNMENT = re.compile(r"(?:^|(?<=\s))\w+=")
_FLAGS = re.compile(r"(?:--[\w-]+(?:=\S*)?\s+)*")
_FROM_AS = re.compile(r"(\S+)(?:\s+[Aa][Ss]\s+(\S+))?\s*$")
_OPEN = re.compile(r"<<-?[\"']?\w+.*$|\$\w+|\$\{[^}]*\}", re.DOTALL)
"""What history has in other words: a here-document and what follows it, a variable."""


class Entry(NamedTuple):
    """One entry of a history: `text` as it stood in a Dockerfile, in one line, its secrets masked.

    `secrets` are their kinds; `arguments` kind and name of those in build arguments, which builders write before the command.
    """

    bytes: int
    text: str
    secrets: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """RUN, COPY and so on; empty for an import."""
        return self.text.partition(" ")[0]


def entry(size: int, raw: str) -> Entry:
    """An entry as the engine tells it."""
    text = one_line(raw[:masking.MOST_TEXT]).removesuffix("# buildkit").rstrip()
    if classic := _CLASSIC.match(text):
        text = text[classic.end() :]
    arguments, command = _arguments(text)
    name = text.partition(" ")[0]
    listed = name in {"ENV", "ARG", "LABEL"}
    if arguments or name == "RUN" or _SHELL.match(command):
        command = command.removeprefix("RUN ")
        shell = _SHELL.match(command)
        command = f"RUN {command[shell.end() if shell else 0 :]}"
    masked = mask(command, listed=listed)
    shown = _cut(masked.text)
    if name == "ARG":
        return Entry(size, shown, (), masked.found)
    return Entry(size, shown, masked.kinds, mask(arguments, listed=True).found)


def words(text: str) -> list[str]:
    """The words of a COPY, ADD or WORKDIR without its flags, written as a list or not."""
    rest = text.partition(" ")[2].lstrip()
    rest = rest[_flags_end(rest) :]
    return _listed(rest) or rest.split()


def dockerfile_lines(layers: Sequence[Layer], text: str) -> list[int | None]:
    """For each layer the line of the instruction of the Dockerfile `text` that made it; None for the base's, and where it can't be told.

    From the newest layer back: each takes the last instruction before the one taken that could have made it.
    """
    open_instructions = [one for one in _final(instructions(text)) if one.name in {"RUN", "COPY", "ADD", "WORKDIR"}]
    found: list[int | None] = []
    for layer in reversed(layers):
        for number in range(len(open_instructions) - 1, -1, -1):
            if _made_by(layer.instruction, open_instructions[number]):
                found.append(open_instructions[number].line)
                del open_instructions[number:]
                break
        else:
            found.append(None)
    return found[::-1]


def _arguments(text: str) -> tuple[str, str]:
    """Build arguments (`|2 A=b C=d`) and the command after them. Values aren't quoted, so the last one ends at a path or a space."""
    head = _ARGUMENTS.match(text)
    if head is None:
        return "", text
    rest = text[head.end() :]
    starts = [found.start() for found in _ASSIGNMENT.finditer(rest)][: int(head[1])]
    last = starts[-1] if starts else 0
    end = re.compile(r"\s+(?=/)").search(rest, last) or re.compile(r"\s+").search(rest, last)
    return (rest[: end.start()], rest[end.end() :]) if end else (rest, "")


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + _CUT


def _final(items: Sequence[Instruction]) -> list[Instruction]:
    """The instructions of the last stage and of the stages that it builds on, in the order in which they are carried out."""
    stages: dict[str, list[Instruction]] = {}
    last: list[Instruction] = []
    for number, item in enumerate(items):
        if item.name == "FROM":
            told = _FROM_AS.search(item.text[_flags_end(item.text) :])
            last = list(stages.get(told[1].lower(), ()) if told else ())
            stages[(told[2] if told and told[2] else f" {number}").lower()] = last
        else:
            last.append(item)
    return last


def _flags_end(text: str) -> int:
    flags = _FLAGS.match(text)
    return flags.end() if flags else 0


def _listed(text: str) -> list[str]:
    """The words of the form `["a", "b"]`; empty for the other one."""
    try:
        told = json.loads(text) if text.startswith("[") else []
    except (ValueError, RecursionError):
        return []
    return [word for word in told if isinstance(word, str)]


def _made_by(told: str, item: Instruction) -> bool:
    """Whether the history's `told` can be `item`, whose variables and here-documents may stand for anything."""
    name, _, rest = told.partition(" ")
    if name != item.name:
        return False
    written = item.text[_flags_end(item.text) :]
    pieces = _OPEN.split(mask(one_line(" ".join(_listed(written)) or written)).text)
    if name == "WORKDIR" and not written.startswith("/"):
        pieces = ["", *pieces]  # history has the whole path
    return _fits(rest if name == "RUN" else rest[_flags_end(rest) :], pieces)


def _fits(told: str, pieces: Sequence[str]) -> bool:
    """Whether `told` is `pieces` with anything between them."""
    first, *middle = pieces
    if told.endswith(_CUT):
        return first.startswith(told.removesuffix(_CUT)) if not middle else told.startswith(first)
    if not middle:
        return told == first
    last = middle.pop()
    at = len(first)
    for piece in middle:
        at = told.find(piece, at)
        if at == -1:
            return False
        at += len(piece)
    return told.startswith(first) and told.endswith(last) and at <= len(told) - len(last)
