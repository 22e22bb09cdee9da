"""Names under which a build finds images, and whether they still mean the same images after it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tareweight.engine.client import Image, inspect
from tareweight.errors import TareError, one_line
from tareweight.process import run

PREFIX = "tareweight-scale"
"""Images without a name are tagged `tareweight-scale/<ID>:<random>` while they are looked at: a build takes names only."""


@contextmanager
def named(images: Sequence[Image]) -> Iterator[list[str]]:
    """A name for each image: one of its own, or one that it is lent for as long as the block lasts.

    An image that went away meanwhile keeps the name that it would have had; `gone` tells of it.
    """
    names = [next((tag for tag in image.tags if not tag.startswith(f"{PREFIX}/")), "") or _new(image) for image in images]
    lent = {name: image.id for name, image in zip(names, images, strict=True) if name not in image.tags}
    try:
        for name, image_id in lent.items():
            run(["docker", "image", "tag", image_id, name], timeout=60, check=False)
        yield names
    finally:
        if lent:
            take_back(list(lent))


def take_back(names: Sequence[str]) -> None:
    """Remove names without removing the images.

    The engine deletes an image with its last name, so the names are first given to an empty image, which goes with them.
    (Importing it under the name would do on the classic store, but deletes the image on containerd's.)
    """
    empty = run(["docker", "import", "-"], stdin="\0" * 10240, timeout=60).stdout.strip()
    for name in names:
        run(["docker", "image", "tag", empty, name], timeout=60)
    run(["docker", "image", "rm", "--no-prune", *names], timeout=60, check=False)


def gone(images: Sequence[Image], names: Sequence[str]) -> dict[str, TareError]:
    """By image ID those whose name has no image or another one by now: what was read under it may be another image's."""
    now = inspect(names)
    return {
        image.id: TareError(f"{label(image)} went away or changed while it was read")
        for image, name in zip(images, names, strict=True)
        if name not in now or now[name].id != image.id
    }


def label(image: Image) -> str:
    """What an image is called in a message."""
    return one_line(image.tags[0] if image.tags else image.id, 200)


def missing(name: str) -> TareError:
    """The error for an image that isn't there."""
    return TareError(f"there is no image {one_line(name, 200)}", hint="Build or pull it first")


def _new(image: Image) -> str:
    return f"{PREFIX}/{image.id.partition(':')[2][:16]}:{secrets.token_hex(4)}"
