"""What the options for builders, platforms, caches and registries come to: one Setup, judged before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tareweight import fingerprint
from tareweight.build import builder as builders
from tareweight.build import setup as setups
from tareweight.build.setup import Setup
from tareweight.engine import registry
from tareweight.engine.client import Engine, Image, connect, image_store
from tareweight.errors import BadInput
from tareweight.project import Project


@dataclass(frozen=True)
class Asked:
    """What the user wrote, not yet judged. `verify` is False with --no-verify."""

    builder: str = ""
    platforms: tuple[str, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    push: bool = False
    registry: str = ""
    verify: bool = True


def judged(asked: Asked, project: Project) -> Setup | None:
    """The setup that was asked for; None where builds are the engine's own, for itself. `BadInput` and `EngineError` in one line."""
    wanted = setups.platforms(asked.platforms)
    cache_from, cache_to = setups.caches(asked.cache_from, "--cache-from"), setups.caches(asked.cache_to, "--cache-to")
    setups.each_its_own(cache_to, [(read.target.app.name, read.target.variant) for read in project.reads])
    where = registry.parse(asked.registry) if asked.push or asked.registry else ""
    if asked.registry and not asked.push:
        raise BadInput("--registry without --push", hint="Add --push, or leave --registry out")
    if not (asked.builder or wanted or cache_from or cache_to):
        _proven(asked)
        return None
    engine = connect()
    found = builders.find(asked.builder, engine)
    here = builders.normal(engine.platform)
    platforms = (engine.platform,) if wanted in {(), (here,)} else wanted
    if platforms != (engine.platform,):
        _elsewhere(platforms, here, asked, found)
    if here in platforms or platforms == (engine.platform,):
        _proven(asked)
    setups.can_export(found, cache_to, lambda: builders.store_of(found, image_store))
    return Setup(found, platforms, where if found.driver != "docker" else "", cache_from, cache_to)


def _proven(asked: Asked) -> None:
    """`BadInput` for a push without checks that could run."""
    if asked.push and not asked.verify:
        raise BadInput("--push pushes what passes its checks, and --no-verify runs none", hint="Leave one of the two out")


def _elsewhere(platforms: Sequence[str], here: str, asked: Asked, found: builders.Builder) -> None:
    """`BadInput` for platforms other than the engine's that can't be built, kept or checked in this way."""
    shown = f"--platform {','.join(platforms)}"
    if not asked.push:
        raise BadInput(f"{shown}: this engine runs {here}, and an image of another platform would take the place of its own", hint="Add --push and --registry")
    if found.driver == "docker":
        hint = "Take --builder with another driver, as in `docker buildx create --driver docker-container --name fleet`"
        raise BadInput(f"{shown}: builder {found.name} (docker driver) keeps images of {here} only", hint=hint)
    if here not in platforms and asked.verify:
        raise BadInput(f"{shown}: none of them runs here, so no check can", hint=f"Add {here}, or push unchecked with --no-verify")


def runs_here(setup: Setup, engine: Engine) -> bool:
    """Whether one of the platforms is the engine's own, so that its image can be checked."""
    return engine.platform in setup.platforms or builders.normal(engine.platform) in setup.platforms


def remote(image: str, prefix: str, where: str) -> str:
    """The name in the registry `where` of an image that is here called `<prefix>/<app>:<tag>`."""
    return f"{where}/{image.removeprefix(f'{prefix}/')}"


def published(names: Sequence[str], *, prefix: str, where: str, tag: str = "") -> dict[str, Image]:
    """What a registry has of targets, under the names that they have here; `tag` is what --tag gave.

    Labels are those of every platform's image; where these disagree on the fingerprint, none is told. `TareError` where it doesn't answer.
    """
    tags = {name: (name, f"{name}-{tag}") if tag else (name,) for name in names}
    asked = [one for each in tags.values() for one in each]
    with ThreadPoolExecutor(16) as pool:
        told = dict(zip(asked, pool.map(lambda name: registry.told_of(remote(name, prefix, where)), asked), strict=True))
    found = {}
    for name in names:
        if one := told[name]:
            digest, labels = one
            agreed = labels[0] if labels and len({each.get(fingerprint.LABEL) for each in labels}) == 1 else {}
            there = tuple(each for each in tags[name] if (other := told[each]) and other[0] == digest)
            found[name] = Image(digest, there, (), agreed, "", 0, "", ())
    return found
