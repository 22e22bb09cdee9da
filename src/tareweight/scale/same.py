"""Which files of equal size differ between two images: their content is read where they lie, as they are weighed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tareweight import store
from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine, inspect
from tareweight.errors import TareError
from tareweight.scale import beside, naming


def changed(
    old_id: str, new_id: str, paths: Sequence[str], *, tare: Path, engine: Engine, scanner: Callable[[], Base], no_cache: bool = False
) -> list[str]:
    """Those of `paths` (regular files of both images, as tables of files name them) whose content differs; what can't be read counts as differing.

    Kept under `.tare/same/` by the two image IDs. `scanner` gives the resolved `beside.SCANNER`. `TareError` where an image
    isn't there, went away meanwhile, or can't be read.
    """
    if not paths or old_id == new_id:
        return []
    file = tare / "same" / f"{old_id.partition(':')[2]}-{new_id.partition(':')[2]}.json"
    asked = hashlib.sha256("\n".join(paths).encode(errors="surrogatepass")).hexdigest()
    kept = None if no_cache else _kept(store.read(file), asked, len(paths))
    if kept is None:
        old, new = _digests((old_id, new_id), paths, engine=engine, scanner=scanner, no_cache=no_cache)
        kept = [number for number, (was, now) in enumerate(zip(old, new, strict=True)) if was is None or was != now]
        store.write(file, {"asked": asked, "changed": kept})
    return [paths[number] for number in kept]


def _kept(told: Any, asked: str, count: int) -> list[int] | None:
    """The numbers of the changed paths, if `told` answers what is asked."""
    if not isinstance(told, dict) or told.get("asked") != asked or not isinstance(told.get("changed"), list):
        return None
    numbers = told["changed"]
    return numbers if all(type(one) is int and 0 <= one < count for one in numbers) else None


def _digests(ids: Sequence[str], paths: Sequence[str], *, engine: Engine, scanner: Callable[[], Base], no_cache: bool) -> list[list[str | None]]:
    known = {image.id: image for image in inspect(ids).values()}
    for image_id in ids:
        if image_id not in known:
            raise naming.missing(image_id)
    images = [known[image_id] for image_id in ids]
    context = beside.context_of(scanner())
    with naming.named(images) as names:
        arguments = ("{image}", "{input}", f"{{out}}/{beside.ANSWER}")
        steps = [beside.Step(name, "scan.digests", arguments, image.platform, list(paths)) for image, name in zip(images, names, strict=True)]
        with beside.run_steps(steps, scanner=context, builder=engine.builder, no_cache=no_cache) as answers:
            for error in naming.gone(images, names).values():
                raise error
            return [_read(answer, len(paths)) for answer in answers]


def _read(answer: Path | TareError, count: int) -> list[str | None]:
    if isinstance(answer, TareError):
        raise answer
    told = beside.read(answer)
    if not isinstance(told, list) or len(told) != count or not all(one is None or isinstance(one, str) for one in told):
        raise TareError("the answer isn't a list of digests")
    return told
