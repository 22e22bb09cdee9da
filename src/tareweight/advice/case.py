"""What advice is given on, and what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tareweight.scale.weight import Layer, Weight

Bound = Literal["exactly", "about", "at least", "at most"]


@dataclass(frozen=True)
class Advice:
    """One thing to do. `saves` is in bytes of size, or of waste where `of` says so; 0 where it makes the image safer, not smaller.

    `bound` says how sure the number is. `how` are lines to act on, for this image and its Dockerfile.
    """

    kind: str
    saves: int
    bound: Bound
    what: str
    how: tuple[str, ...]
    of: Literal["size", "waste"] = "size"


@dataclass(frozen=True)
class Case:
    """An image on the scale and what is known around it.

    `lines` has the Dockerfile's line for each of the weight's layers, None for the base's and where it isn't known. `siblings` are the
    other variants of the app that pass their checks, by name. `own` is the number of layers on top of the base, None where it isn't known.
    """

    weight: Weight
    lines: tuple[int | None, ...] = ()
    siblings: Mapping[str, Weight] = field(default_factory=dict)
    base_layers: int | None = None

    def own_layers(self) -> Iterator[tuple[Layer, int | None]]:
        """The layers that the app's Dockerfile made, with their lines; all of them where the base isn't known."""
        lines = self.lines or (None,) * len(self.weight.layers)
        yield from list(zip(self.weight.layers, lines, strict=True))[self.base_layers or 0 :]

    def where(self, *words: str) -> str:
        """ "line 5: " for the first of the app's own RUN layers whose instruction has one of `words`; empty where none has."""
        for layer, line in self.own_layers():
            if layer.instruction.startswith("RUN") and any(word in layer.instruction for word in words):
                return f"line {line}: " if line else f"in `{layer.instruction[:60]}`: "
        return ""

    def smallest_sibling(self) -> tuple[str, Weight] | None:
        """The smallest other variant that passes its checks and is smaller than this one."""
        smaller = [(name, one) for name, one in self.siblings.items() if one.size < self.weight.size]
        return min(smaller, key=lambda item: item[1].size, default=None)
