"""Weights for tests of what is done with them; `pythonpath` in pyproject.toml lets tests import this."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tareweight.scale.weight import CLASSES, Config, Layer, Package, Scan, Surface, Weight


def weight(
    size: int = 0,
    *,
    name: str = "",
    packages: Sequence[Package] = (),
    surface: Surface | None = None,
    layers: Sequence[int] | None = None,
    store: str = "classic",
    user: str = "65532",
    **scanned: object,
) -> Weight:
    """A weight of `size` bytes, all of the app's own unless `classes` says otherwise; layers share an ID where `name` and number do."""
    told: dict[str, object] = {
        "size": size,
        "files": 1,
        "links": 0,
        "blocks": size,
        "classes": {**dict.fromkeys(CLASSES, 0), "app": size},
        "packages": tuple(packages),
        "directories": (),
        "biggest": (),
        "surface": surface or Surface(),
        "secrets": (),
        "leftovers": (),
        "unstripped": (),
        "os": "",
        "notes": (),
        "complete": True,
        **scanned,
    }
    sizes = [size] if layers is None else layers
    return Weight(
        image_id="sha256:" + hashlib.sha256(f"{name} {size} {sizes}".encode()).hexdigest(),
        platform="linux/amd64",
        store=store,
        scan=Scan(**told),  # type: ignore[arg-type]
        layers=tuple(Layer(f"sha256:{name}{index}", bytes_, f"COPY {index}") for index, bytes_ in enumerate(sizes)),
        config=Config(user=user),
    )
