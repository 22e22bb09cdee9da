"""What is told of one image, whatever the form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tareweight.advice import Advice
from tareweight.scale.weight import Weight

SURFACE = ("shells", "package_managers", "compilers", "interpreters", "network_clients", "setuid", "world_writable")
"""The lists of a `weight.Surface`, in the order in which they are told."""


@dataclass(frozen=True)
class Explanation:
    """What is told of the image `name`. `lines` has the Dockerfile's line for each layer, None for the base's; `dockerfile` is its path.

    `base` is the image that it stands on (`scratch` too), `base_layers` how many layers that has, `tare` their bytes, `download` those
    of a pull; None where not known. `locked` is the check's word. `stale` says why the image is out of date; empty where it isn't.
    """

    name: str
    weight: Weight
    dockerfile: str
    lines: Sequence[int | None]
    base: str
    base_layers: int | None
    tare: int | None
    download: int | None
    locked: str
    stale: str
    advice: Sequence[Advice]
