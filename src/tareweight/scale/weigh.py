"""Images -> Weights: those weighed before from `.tare/weights/`, the rest in one go where they lie.

A Weight is kept by image ID, which is a digest of all that the image is: it never goes stale. What can't be read is weighed anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine, inspect
from tareweight.errors import TareError
from tareweight.scale import kept
from tareweight.scale.weight import Weight

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
    (`kept.table`) is made anew. With `no_cache` nothing comes from earlier weighings, BuildKit's cache included. A `builder`
    other than the engine fetches the images from the registry that they were pushed to, and the scanner from its context.
    """
    images = inspect([name for name in dict.fromkeys(names.values()) if not _ID.fullmatch(name)])
    ids = {key: images[name].id if name in images else name for key, name in names.items()}
    wanted = dict.fromkeys(image_id for image_id in ids.values() if _ID.fullmatch(image_id))
    found: dict[str, Weight | TareError] = {}
    if not no_cache:
        found |= {image_id: one for image_id in wanted if (one := kept.load(tare, image_id, files=files))}
    due = [image_id for image_id in wanted if image_id not in found]
    if due:
        from tareweight.scale import anew  # 20 ms that only weighing should cost

        known = {image.id: image for image in images.values()}
        known |= inspect([image_id for image_id in due if image_id not in known])
        images_due = [known[image_id] for image_id in due if image_id in known]
        found |= anew.weigh(images_due, tare=tare, engine=engine, scanner=scanner, no_cache=no_cache, builder=builder or engine.builder)
    return {key: found.get(image_id) or _missing(names[key]) for key, image_id in ids.items()}


def _missing(name: str) -> TareError:
    from tareweight.scale import naming

    return naming.missing(name)
