"""Names under which a build finds images, and whether they still mean the same images after it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tareweight.engine.client import Image, inspect
from tareweight.errors import TareError, one_line
from tareweight.process import CommandFailed, run

PREFIX = "tareweight-scale"
"""Images without a name are tagged `tareweight-scale/<ID>:<random>` while they are looked at: a build takes names only."""


@contextmanager
def named(images: Sequence[Image]) -> Iterator[list[str]]:
    """A name for each image: one of its own, or one that is lent to it for as long as the block lasts.

    What went away meanwhile keeps the name that it would have had, and `gone` tells it.
    """
    lent: list[str] = []
    names: list[str] = []
    try:
        for image in images:
            if image.tags:
                names.append(image.tags[0])
                continue
            name = f"{PREFIX}/{image.id.partition(':')[2][:16]}:{secrets.token_hex(4)}"
            names.append(name)
            lent.append(name)
            _tag(image.id, name)
        yield names
    finally:
        if lent:
            run(["docker", "image", "rm", "--no-prune", *lent], timeout=60, check=False)


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


def _tag(image_id: str, name: str) -> None:
    try:
        run(["docker", "image", "tag", image_id, name], timeout=60)
    except CommandFailed as error:
        if error.code in {124, 126, 127}:
            raise
