"""Small file systems to scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Lay = Callable[..., Path]


@pytest.fixture
def lay(tmp_path: Path) -> Lay:
    """`lay({"usr/bin/tool": b"...", "bin": "->usr/bin"}, modes={"usr/bin/tool": 0o755})`: a root that has these files and links."""

    def make(files: dict[str, bytes | str], modes: dict[str, int] | None = None) -> Path:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str) and content.startswith("->"):
                path.symlink_to(content[2:])
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
                path.chmod(0o644)
        for name, mode in (modes or {}).items():
            (root / name).chmod(mode)
        return root

    return make
