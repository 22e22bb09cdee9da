"""Names of images, as Docker shortens them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUITES = {"bookworm": "bookworm", "trixie": "trixie", "12": "bookworm", "13": "trixie"}
RELEASES = {"bookworm": "12", "trixie": "13"}
"""The Debian releases that bases are made from, oldest first: code name -> number."""
PREFIX = "tareweight-base"
"""What the names of images that are made here begin with."""
ROOTFS_RECIPE = "5"
"""Raised when the root file system, which they all stand on, is made in another way."""
_VERSION = re.compile(r"\d+(\.\d+)*")
_FLOATING = {"latest", "lts", "current", "stable", "mainline"}


def familiar(reference: str) -> str:
    """The name as Docker shows it: without docker.io, library/ and `:latest`; the key that `--build-context` wants."""
    name = reference.removeprefix("docker.io/").removeprefix("index.docker.io/").removeprefix("library/")
    return name.removesuffix(":latest")


def registry(reference: str) -> str:
    """The host that a familiar name is pulled from."""
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def split(reference: str) -> tuple[str, str]:
    """A familiar name's repository and tag (`latest` where none is written; empty for a name by digest)."""
    repository, at, _ = reference.partition("@")
    head, slash, last = repository.rpartition("/")
    name, colon, tag = last.partition(":")
    return f"{head}{slash}{name}", "" if at else (tag if colon else "latest")


@dataclass(frozen=True)
class Tag:
    """What a tag says. `version` is empty when it floats; `suite` is a Debian code name or empty; the rest is the flavour."""

    version: str
    suite: str
    flavour: str


def read_tag(tag: str, *, is_debian: bool = False) -> Tag:
    """Take a tag apart: `3.13-slim-bookworm`, `24-alpine3.22`, `lts`, `trixie-slim`, `debug-nonroot`."""
    version = suite = ""
    flavour: list[str] = []
    for position, part in enumerate(tag.split("-")):
        if part in _SUITES and (is_debian or not part.isdecimal()):
            suite = _SUITES[part]
        elif position == 0 and (_VERSION.fullmatch(part) or part in _FLOATING):
            version = "" if part in _FLOATING - {"lts"} else part
        else:
            flavour.append("alpine" if re.fullmatch(r"alpine[\d.]*", part) else part)
    return Tag(version, suite, "-".join(flavour))
