"""Which layers a base is made of, so that an image's own can be told from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tareweight import store
from tareweight.bases.resolve import Base
from tareweight.engine.client import inspect
from tareweight.process import CommandFailed, run

SECONDS = 20


def diff_ids(bases: Iterable[Base], tare: Path, platform: str) -> dict[str, tuple[str, ...]]:
    """By reference: the diff IDs of each base's layers. A base that neither the engine nor a registry tells of is left out.

    What is learned is kept under `.tare/bases/layers.json` by the base's identity, which names its content.
    """
    file = tare / "bases" / "layers.json"
    kept: Any = store.read(file)
    known: dict[str, Any] = kept if isinstance(kept, dict) else {}
    found: dict[str, tuple[str, ...]] = {}
    learned = False
    for base in {base.reference: base for base in bases if base.identity}.values():
        if not _is_list(known.get(base.identity)):
            if (told := _engine(base) or _registry(base, platform)) is None:
                continue
            known[base.identity] = told
            learned = True
        found[base.reference] = tuple(known[base.identity])
    if learned:
        store.write(file, known)
    return found


def _engine(base: Base) -> list[str] | None:
    name = base.recipe.tag if base.recipe else base.reference
    image = inspect([name]).get(name)
    return list(image.diff_ids) if image else None


def _registry(base: Base, platform: str) -> list[str] | None:
    """From the configuration that the registry has: for one platform, or by platform where there are several."""
    words = ["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Image}}", base.context.removeprefix("docker-image://")]
    try:
        told = json.loads(run(words, timeout=SECONDS).stdout)
        config = told.get(platform, told)
        found = config["rootfs"]["diff_ids"]
    except (CommandFailed, ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if _is_list(found) else None


def _is_list(told: Any) -> bool:
    return isinstance(told, list) and all(isinstance(one, str) for one in told)
