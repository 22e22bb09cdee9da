"""Weighing what was never weighed: one build in which every image is mounted (beside.py), and what the engine tells of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine, Image
from tareweight.errors import BaseUnavailable, TareError
from tareweight.scale import beside, kept, layers, naming, weight
from tareweight.scale.layers import Told
from tareweight.scale.weight import Corrupt, Weight


def weigh(
    images: Sequence[Image], *, tare: Path, engine: Engine, scanner: Callable[[], Base], no_cache: bool, builder: str
) -> dict[str, Weight | TareError]:
    """By image ID what each image weighs, or why it can't be weighed. What was learned is kept under `tare`."""
    with ThreadPoolExecutor(2) as pool:
        asked_base = pool.submit(scanner)
        asked_store = pool.submit(lambda: engine.store)  # wanted only after the build
        told = layers.read(images)
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
                    found[image.id] = fault or _weighed(image, answer, told[image.id], asked_store.result(), tare)
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
        kept.keep(tare, made, answer / beside.FILES)
    except Corrupt as error:
        return TareError(f"{name} can't be weighed: the scan's answer isn't one: {error}")
    except TareError as error:
        return TareError(f"{name} can't be weighed: {error}")
    return made
