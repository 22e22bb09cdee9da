"""Digests of the content of files: `ROOT PATHS OUT`, PATHS a JSON list of paths with a leading slash, OUT a JSON list in their order.

SHA-256, which goes at the speed of the disk's cache; null for what isn't a regular file or can't be read.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Sequence

_CHUNK = 1 << 20


def main(words: Sequence[str]) -> int:
    """The command."""
    root, paths, out = words
    with open(paths, encoding="utf-8") as file:
        wanted = json.load(file)
    with open(out, "w", encoding="ascii") as answer:
        json.dump([_digest(root + path) for path in wanted], answer)
    return 0


def _digest(path: str) -> str | None:
    try:
        # Not blocking: opening a pipe would wait for somebody to write into it.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        digest = hashlib.sha256()
        while piece := os.read(file, _CHUNK):
            digest.update(piece)
        return digest.hexdigest()
    except OSError:
        return None
    finally:
        os.close(file)
