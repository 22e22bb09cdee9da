"""Something found in the tree: what it is in words, and where. Never what it holds."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """`path` as in `Tree.files`."""

    kind: str
    path: str
    bytes: int = 0
