"""The commands of a RUN, as far as they can be told without being a shell."""

from __future__ import annotations

import json
import re
import shlex
from typing import NamedTuple

_ENDS = frozenset(("&&", "||", ";", "|", "&", "(", ")", "{", "}", ";;", "|&"))
_BEFORE = frozenset(("then", "do", "else", "if", "!", "while", "exec", "sudo", "time", "env", "nice"))
"""Words that a command may follow."""
_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)
_SWITCH = re.compile(r"APT::Install-Recommends=(?:false|no|0|off)", re.IGNORECASE)


class Command(NamedTuple):
    """A program by its name and its arguments."""

    name: str
    words: tuple[str, ...]

    @property
    def line(self) -> str:
        """Both in one line."""
        return " ".join((self.name, *self.words))

    @property
    def operands(self) -> list[str]:
        """The arguments that aren't options."""
        return [word for word in self.words if not word.startswith("-")]

    @property
    def options(self) -> list[str]:
        """The arguments that are."""
        return [word for word in self.words if word.startswith("-")]


def commands(text: str) -> list[Command]:
    """The commands of a line of shell, in order, whatever they hang on. A list (`["rm", "/x"]`) is one command."""
    found: list[Command] = []
    current: list[str] = []
    for word in [*_words(text), ";"]:
        if word in _ENDS:
            if current:
                found.append(Command(current[0].rpartition("/")[2], tuple(current[1:])))
            current = []
        elif current or not (word in _BEFORE or _ASSIGNMENT.fullmatch(word)):
            current.append(word)
    return found


def installs(command: Command) -> bool:
    """Whether apt installs packages with it."""
    return command.name in {"apt-get", "apt"} and "install" in command.operands


def takes_recommends(command: Command) -> bool:
    """Whether it is an installation by apt that also takes what is recommended."""
    options = command.options + command.operands  # -o's value stands by itself
    return installs(command) and "--no-install-recommends" not in options and not any(_SWITCH.search(word) for word in options)


def _words(text: str) -> list[str]:
    try:
        told = json.loads(text) if text.startswith("[") else None
        if isinstance(told, list):
            return [str(word) for word in told]
        reader = shlex.shlex(text, posix=True, punctuation_chars=";&|()")
        reader.whitespace_split = True
        reader.commenters = ""
        return list(reader)
    except ValueError:
        return text.split()
