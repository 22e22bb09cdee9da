"""What a run asks of its builder beyond an ordinary build: platforms, caches, and where the image goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tareweight.build.builder import Builder, normal
from tareweight.dockerfile import BUILD, Dockerfile
from tareweight.errors import BadInput, nearest, one_line

_PLATFORM = re.compile(r"linux/([a-z0-9]+)(?:/(v[0-9]+))?", re.ASCII)
_MACHINES = ("386", "amd64", "arm", "arm64", "loong64", "mips64", "mips64le", "ppc64le", "riscv64", "s390x")
_CACHES = {"registry": "ref", "local": "", "inline": None, "gha": None, "s3": "bucket", "azblob": "name"}
"""Kinds of cache, with the key that each can't do without (local: src or dest)."""


@dataclass(frozen=True)
class Setup:
    """How a run builds. `platforms` are wanted, at least one. `registry` is where the builder pushes images by digest; empty where they come here.

    `contexts` are what names of bases are swapped for on this builder, by reference: it can't see what the engine has. With `rewrite`
    no file is younger than the epoch: an image then comes as an archive, for engines can't do that in their own store. Bases that came
    by a named context and are younger lose the layers that they share with others; so it isn't for every day.
    """

    builder: Builder
    platforms: tuple[str, ...]
    registry: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    contexts: dict[str, str] = field(default_factory=dict)
    rewrite: bool = False


def platforms(words: Sequence[str]) -> tuple[str, ...]:
    """What --platform names, in its order, each once. `BadInput` for what is no platform."""
    found: dict[str, None] = {}
    for word in (one.strip() for text in words for one in text.split(",")):
        name = normal(word)
        matched = _PLATFORM.fullmatch(name)
        if not matched:
            raise BadInput(f"--platform {one_line(word, 60)}: no platform", hint="Write it as in --platform linux/amd64,linux/arm64")
        if matched[1] not in _MACHINES:
            raise BadInput(f"--platform {name}: unknown machine '{matched[1]}'", hint=nearest(matched[1], _MACHINES))
        found.setdefault(name)
    return tuple(found)


def caches(words: Sequence[str], option: str) -> tuple[str, ...]:
    """What --cache-from or --cache-to names, as it was given once it is known to have the form that buildx reads."""
    import csv

    for word in words:
        fields = next(csv.reader([word]), [])
        pairs = dict(field.partition("=")[::2] for field in fields)
        if option == "--cache-from" and len(fields) == 1 and "=" not in word and re.fullmatch(r"[\w./:@{}-]+", word):
            continue  # a bare reference is a registry's
        shown = f"{option} {one_line(word, 120)}"
        if not fields or any("=" not in one for one in fields):
            raise BadInput(f"{shown}: not KEY=VALUE,...", hint=f"Write it as in {option} type=registry,ref=registry.example.org/team/cache:{{app}}-{{variant}}")
        kind = pairs.get("type", "")
        if kind not in _CACHES:
            raise BadInput(f"{shown}: unknown type '{kind}'", hint=nearest(kind, _CACHES))
        key = ("src" if option == "--cache-from" else "dest") if kind == "local" else _CACHES[kind]
        if key and not pairs.get(key):
            raise BadInput(f"{shown}: {key}= is missing", hint=f"A cache of type {kind} needs it")
        if braces := [name for name in re.findall(r"\{([^{}]*)\}", word) if name not in {"app", "variant"}]:
            raise BadInput(f"{shown}: unknown placeholder {{{braces[0]}}}", hint="There are {app} and {variant}")
    return tuple(words)


def cache_of(text: str, app: str, variant: str) -> str:
    """A cache for one target: {app} and {variant} filled in."""
    return text.replace("{app}", app).replace("{variant}", variant)


def each_its_own(cache_to: Sequence[str], targets: Sequence[tuple[str, str]]) -> None:
    """`BadInput` where two of `targets` (app, variant) would write one cache: the later would overwrite the earlier."""
    for text in cache_to:
        if "type=inline" not in text and len({cache_of(text, *target) for target in targets}) < len(targets):
            raise BadInput(f"--cache-to {one_line(text, 120)}: several targets would overwrite one cache", hint="Put {app}-{variant} into its name")


def can_export(builder: Builder, cache_to: Sequence[str], store: Callable[[], str]) -> None:
    """`BadInput` for a cache that the builder can't write: the docker driver on the classic store keeps its cache in the image at most."""
    outside = [text for text in cache_to if "type=inline" not in text]
    if outside and builder.driver == "docker" and store() == "classic":
        raise BadInput(
            f"--cache-to {one_line(outside[0], 120)}: builder {builder.name} (docker driver, classic image store) exports no cache but type=inline",
            hint="Take --builder with another driver, or turn on the engine's containerd store",
        )


def _shown(names: Sequence[str]) -> str:
    """Platforms without the levels of one machine (amd64/v2), which say nothing to whoever misses another."""
    return ", ".join(name for name in names if not re.search(r"amd64/v\d", name)) or "no platforms"


def beyond(dockerfile: Dockerfile, setup: Setup, *, here: str, made_here: Mapping[str, bool]) -> str:
    """Why a Dockerfile can't be built for the wanted platforms on the builder; empty where it can.

    `here` is the engine's platform, and `made_here` says of each reference whether its image exists for that alone.
    """
    builder = setup.builder
    stages, images = dockerfile.needed

    def wanted(platform: str) -> tuple[str, ...]:
        return (builder.native,) if platform == BUILD else (normal(platform),) if platform else setup.platforms

    for stage in stages:
        foreign = [one for one in wanted(stage.platform) if stage.runs and one not in builder.platforms]
        if foreign:
            return (
                f"line {stage.runs}: RUN on {foreign[0]}: builder {builder.name} has {_shown(builder.platforms)} and no emulator for it. "
                "Compile for it in a stage FROM --platform=$BUILDPLATFORM, or give the builder a node or an emulator (binfmt_misc)"
            )
    for reference, platform in images:
        foreign = [one for one in wanted(platform) if one != here and made_here.get(reference)]
        if foreign:
            return f"base {reference} is here for {here} alone, and is wanted for {foreign[0]}. Use --bases upstream where a registry has it"
    return ""
