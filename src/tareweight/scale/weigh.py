"""Images -> Weights: those weighed before from `.tare/weights/`, the rest in one go where they lie.

A Weight is kept by image ID, which is a digest of all that the image is: it never goes stale. What can't be read is weighed anew.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from tareweight import store
from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine, Image, inspect
from tareweight.errors import BaseUnavailable, TareError
from tareweight.scale import beside, layers, naming, weight
from tareweight.scale.layers import Told
from tareweight.scale.weight import Corrupt, Weight

_ID = re.compile(r"sha256:[0-9a-f]{64}")


def weigh(
    names: Mapping[str, str],
    *,
    tare: Path,
    engine: Engine,
    scanner: Callable[[], Base],
    files: bool = False,
    no_cache: bool = False,
    builder: str = "",
) -> dict[str, Weight | TareError]:
    """Weigh each image of `names` (key -> name or ID), and say for each key what it weighs or why it can't be weighed.

    Names by full ID (`sha256:...`) that were weighed before cost no question to the engine. `scanner` gives the resolved
    `beside.SCANNER` and is called when something is to be weighed. With `files` a weight without its table of files
    (`table`) is made anew. With `no_cache` nothing comes from earlier weighings, BuildKit's cache included. A `builder`
    other than the engine fetches the images from the registry that they were pushed to, and the scanner from its context.
    """
    images = inspect([name for name in dict.fromkeys(names.values()) if not _ID.fullmatch(name)])
    ids = {key: images[name].id if name in images else name for key, name in names.items()}
    wanted = dict.fromkeys(image_id for image_id in ids.values() if _ID.fullmatch(image_id))
    found: dict[str, Weight | TareError] = {}
    if not no_cache:
        found |= {image_id: kept for image_id in wanted if (kept := load(tare, image_id, files=files))}
    due = [image_id for image_id in wanted if image_id not in found]
    if due:
        known = {image.id: image for image in images.values()}
        known |= inspect([image_id for image_id in due if image_id not in known])
        images_due = [known[image_id] for image_id in due if image_id in known]
        found |= _weigh(images_due, tare=tare, engine=engine, scanner=scanner, no_cache=no_cache, builder=builder or engine.builder)
    return {key: found.get(image_id) or naming.missing(names[key]) for key, image_id in ids.items()}


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


def _weigh(
    images: Sequence[Image], *, tare: Path, engine: Engine, scanner: Callable[[], Base], no_cache: bool, builder: str
) -> dict[str, Weight | TareError]:
    with ThreadPoolExecutor(2) as pool:
        asked_base = pool.submit(scanner)
        asked_store = pool.submit(lambda: engine.store)
        told = layers.read(images)
        image_store = asked_store.result()
        try:
            context = beside.context_of(asked_base.result())
        except BaseUnavailable as error:
            return dict.fromkeys((image.id for image in images), error)
    # The biggest first: as many are scanned at once as there are processors, and none of them should be alone at the end.
    images = sorted(images, key=lambda image: -sum(layer.bytes for layer in told[image.id].layers))
    found: dict[str, Weight | TareError] = {}
    if builder != engine.builder:
        found |= {image.id: _not_pushed(image, builder) for image in images if not image.digests}
        images = [image for image in images if image.digests]
    with naming.named(images) if builder == engine.builder else nullcontext([image.digests[0] for image in images]) as names:
        steps = [beside.scan_step(name, image.platform, told[image.id].hints) for image, name in zip(images, names, strict=True)]
        with beside.run_steps(steps, scanner=context, builder=builder, no_cache=no_cache) as answers:
            gone = naming.gone(images, names)
            for image, answer in zip(images, answers, strict=True):
                fault = gone.get(image.id)
                found[image.id] = fault or _weighed(image, answer, told[image.id], image_store, tare)
    return found


def _not_pushed(image: Image, builder: str) -> TareError:
    return TareError(f"{naming.label(image)} is in no registry that the builder {builder} could fetch it from", hint="Push it first")


def _weighed(image: Image, answer: Path | TareError, says: Told, image_store: str, tare: Path) -> Weight | TareError:
    name = naming.label(image)
    if isinstance(answer, TareError):
        return TareError(f"{name} can't be weighed: {answer.what}", hint=answer.hint)
    try:
        scan = weight.load_scan(beside.read(answer))
        made = Weight(image.id, image.platform, image_store, scan, says.layers, says.config, says.secrets)
        _keep(tare, made, answer / beside.FILES)
    except (Corrupt, TareError) as error:
        return TareError(f"{name} can't be weighed: {error}")
    return made


def _keep(tare: Path, made: Weight, files: Path) -> None:
    """Write the weight and its table of files, each whole or not at all."""
    target = table(tare, made.image_id)
    store.write(_file(tare, made.image_id), weight.dump(made))
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(files, partial)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TareError(f"{target}: can't be written: {error.strerror}", hint="Make room and rights for it") from error


def _file(tare: Path, image_id: str) -> Path:
    return tare / "weights" / f"{image_id.partition(':')[2]}.json"
