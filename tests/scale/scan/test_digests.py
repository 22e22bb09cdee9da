"""Digests of files, for telling which differ between two images."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from tareweight.scale.scan.digests import main

Lay = Callable[..., Path]


def test_what_is_no_file_has_no_digest(lay: Lay, tmp_path: Path) -> None:
    root = lay({"a/b": b"x" * 3_000_000, "empty": b"", "link": "->a/b", "outside": "->/etc/passwd"})
    os.mkfifo(root / "pipe")
    paths = ["/a/b", "/empty", "/link", "/outside", "/pipe", "/a", "/missing", "/nul\0", "/\udce9"]
    (tmp_path / "paths").write_text(json.dumps(paths))
    assert main([str(root), str(tmp_path / "paths"), str(tmp_path / "out")]) == 0
    whole, empty = hashlib.sha256(b"x" * 3_000_000).hexdigest(), hashlib.sha256().hexdigest()
    assert json.loads((tmp_path / "out").read_text()) == [whole, empty, *[None] * 7]
