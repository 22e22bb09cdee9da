"""The files of a base, so that what an image's own layers brought can be told from what it stands on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine
from tareweight.errors import TareError
from tareweight.scale import beside, files, kept
from tareweight.scale.files import FileRow
from tareweight.scale.weight import Corrupt


def table(base: Base, *, tare: Path, engine: Engine, scanner: Callable[[], Base]) -> dict[str, FileRow]:
    """The files of `base`, from an earlier time or looked at now; the builder has it, for an image was built on it.

    `scanner` gives the resolved `beside.SCANNER`. `TareError` where it can't be looked at.
    """
    file = kept.table(tare, base.identity)
    try:
        return files.read(file)
    except Corrupt:
        pass
    name = base.recipe.tag if base.recipe else base.context.removeprefix("docker-image://") or base.reference
    step = beside.scan_step(name, engine.platform, {})
    with beside.run_steps([step], scanner=beside.context_of(scanner()), builder=engine.builder) as (answer,):
        if isinstance(answer, TareError):
            raise answer
        beside.read(answer)
        _keep(answer / beside.FILES, file)
    try:
        return files.read(file)
    except Corrupt as error:
        raise TareError(f"base {base.reference}: its table of files can't be read") from error


def _keep(made: Path, file: Path) -> None:
    """Whole or not at all."""
    partial = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, partial)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TareError(f"{file}: can't be written: {error.strerror}", hint="Make room and rights for it") from error
