"""JSON files under `.tare/`: written whole or not at all, and never trusted when corrupt."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from tareweight.errors import TareError


def read(file: Path) -> Any:
    """What `write` put there; None where the file is missing, corrupt or no file."""
    try:
        # A pipe would be waited for.
        return json.loads(file.read_bytes()) if file.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None


def write(file: Path, value: Any) -> None:
    """Write `value` as JSON through a temporary file in the same folder, then rename."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    write_text(file, text + "\n")


def write_text(file: Path, text: str) -> None:
    """Write a text whole or not at all. `.tare/` gets a .gitignore when it is first made."""
    try:
        _write(file, text)
    except OSError as error:
        raise TareError(f"{file}: can't be written: {error.strerror}", hint="Make room and rights for it; what is there may be deleted") from error


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for folder in file.parents:
        if folder.name == ".tare":
            ignore = folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            break
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
