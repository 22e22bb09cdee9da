"""Where weights are kept: by image ID under `.tare/weights/`. What can't be read counts as not there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tareweight import store
from tareweight.errors import TareError
from tareweight.scale import weight
from tareweight.scale.weight import Corrupt, Weight


def load(tare: Path, image_id: str, *, files: bool = False) -> Weight | None:
    """The weight that an earlier weighing left; None where there is none that can be used. With `files` its table has to be there too."""
    if files and not table(tare, image_id).is_file():
        return None
    kept = store.read(_file(tare, image_id))
    if kept is None:
        return None
    try:
        found = weight.load(kept)
    except Corrupt:
        return None
    return found if found.image_id == image_id else None


def table(tare: Path, image_id: str) -> Path:
    """Where the table of an image's files is kept, which `files.read` takes."""
    return _file(tare, image_id).with_suffix(".files.gz")


def keep(tare: Path, made: Weight, files: Path) -> None:
    """Write the weight and `files`, its table of files, each whole or not at all."""
    target = table(tare, made.image_id)
    store.write(_file(tare, made.image_id), weight.dump(made))
    partial = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    try:
        shutil.copyfile(files, partial)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TareError(f"{target}: can't be written: {error.strerror}", hint="Make room and rights for it") from error


def _file(tare: Path, image_id: str) -> Path:
    return tare / "weights" / f"{image_id.partition(':')[2]}.json"
