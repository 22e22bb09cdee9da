"""Targets -> what each build is made of, and whether it has to be done at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tareweight import fingerprint
from tareweight.bases.resolve import Base, Bases
from tareweight.build.setup import Setup, beyond
from tareweight.catalog import Target
from tareweight.context import StatCache
from tareweight.dockerfile import Dockerfile, parse
from tareweight.engine.client import Engine, Image
from tareweight.errors import BadInput, BaseUnavailable, nearest
from tareweight.settings import Settings

TARGET_LABEL = "dev.tareweight.target"
"""What image it was built to be: `<prefix>/<app>:<variant>`, whatever names it has later."""
OCI = "org.opencontainers.image"
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Read:
    """A target with its Dockerfile read; `error` where that failed, which fails this target alone."""

    target: Target
    text: bytes
    dockerfile: Dockerfile | None
    args: Mapping[str, str]
    error: str = ""


@dataclass
class Job:
    """One target as it will be built. `stale` says why it must be (empty: it is up to date); `error` why it can't be."""

    target: Target
    image: str
    tags: tuple[str, ...]
    args: Mapping[str, str]
    bases: tuple[Base, ...] = ()
    base: Base | None = None
    labels: dict[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    stale: str = ""
    error: str = ""


def read_dockerfiles(targets: Sequence[Target], given: Mapping[str, str]) -> list[Read]:
    """Read the Dockerfile of each target with the `--set` arguments and the variant's own. An argument that none declares is `BadInput`."""
    found: list[Read] = []
    declared: set[str] = set()
    for target in targets:
        args = {**given, **target.args}
        try:
            text = target.dockerfile.read_bytes()
            dockerfile = parse(target.dockerfile, text.decode("utf-8", "replace"), args)
        except BadInput as error:
            found.append(Read(target, b"", None, {}, str(error)))
            continue
        except OSError as error:
            found.append(Read(target, b"", None, {}, f"{target.dockerfile}: {error.strerror}"))
            continue
        declared.update(dockerfile.args)
        for key in target.args:
            if key not in dockerfile.args:
                where = f"{target.app.folder / 'app.toml'}: variants.{target.variant}.args"
                raise BadInput(f"{where}: {target.dockerfile.name} has no ARG {key}", hint=nearest(key, dockerfile.args))
        found.append(Read(target, text, dockerfile, {key: args[key] for key in dockerfile.args if key in args}))
    if not any(read.error for read in found):
        for key in given:
            if key not in declared:
                raise BadInput(f"--set {key}: no chosen Dockerfile has ARG {key}", hint=nearest(key, declared))
    return found


def arguments(words: Sequence[str]) -> dict[str, str]:
    """`K=V` words as build arguments."""
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not _NAME.fullmatch(key):
            raise BadInput(f"--set {word}: not K=V", hint="Write it as in --set GO_VERSION=1.24")
        if given.get(key, value) != value:
            raise BadInput(f"--set {key} is given twice", hint="Give one value")
        given[key] = value
    return given


def image_name(settings: Settings, target: Target) -> str:
    """`<prefix>/<app>:<variant>`, the name that a target's image always has."""
    return f"{settings.prefix}/{target.app.name}:{target.variant}"


def tag_names(settings: Settings, target: Target, tag: str) -> tuple[str, ...]:
    """Every name of the target's image; `tag` is what --tag gave, or empty."""
    image = image_name(settings, target)
    if not tag:
        return (image,)
    if not _TAG.fullmatch(f"{target.variant}-{tag}"):
        raise BadInput(f"--tag {tag}: '{target.variant}-{tag}' can't be an image's tag", hint="Use letters, digits, . _ and -")
    return (image, f"{image}-{tag}")


def plan(
    reads: Sequence[Read],
    *,
    settings: Settings,
    engine: Engine,
    bases: Bases,
    images: Mapping[str, Image],
    cache: StatCache,
    tag: str = "",
    force: str = "",
    setup: Setup | None = None,
) -> list[Job]:
    """One Job for each read target. `images` holds what there is under the targets' names; `force` is a reason to build all."""
    platform = ",".join(setup.platforms) if setup else engine.platform
    jobs: list[Job] = []
    for read in reads:
        target = read.target
        job = Job(target, image_name(settings, target), tag_names(settings, target, tag), read.args, error=read.error)
        jobs.append(job)
        if read.dockerfile is None:
            continue
        try:
            job.bases = tuple(bases[reference] for reference in read.dockerfile.images)
        except BaseUnavailable as error:
            job.error = str(error)
            continue
        made_here = {base.reference: base.source == "debian" for base in job.bases}
        if setup and (why := beyond(read.dockerfile, setup, here=engine.platform, made_here=made_here)):
            job.error = f"{target.dockerfile.name}: {why}"
            continue
        final = read.dockerfile.base
        job.base = bases[final] if final != "scratch" else None
        job.labels = {
            f"{OCI}.title": target.app.title,
            f"{OCI}.version": target.app.version,
            f"{OCI}.base.name": final,
            TARGET_LABEL: job.image,
        }
        if target.app.description:
            job.labels[f"{OCI}.description"] = target.app.description
        job.fingerprint = ""
        if all(base.identity for base in job.bases):
            seal(job, read, cache=cache, platform=platform)
        job.stale = force or why_stale(job, images)
    cache.save()
    return jobs


def seal(job: Job, read: Read, *, cache: StatCache, platform: str) -> None:
    """Put the fingerprint on a job whose bases are all known."""
    job.parts = fingerprint.parts_of(
        job.target,
        cache=cache,
        dockerfile=read.text,
        args=job.args,
        bases={base.reference: base.identity for base in job.bases},
        platform=platform,
        labels=job.labels,
    )
    job.fingerprint = fingerprint.of(job.parts)


def why_stale(job: Job, images: Mapping[str, Image]) -> str:
    """Why the target must be built: empty when every name already stands for an image with this fingerprint."""
    pending = [base.reference for base in job.bases if not base.identity]
    if pending:
        return f"base {pending[0]} is to be made"
    have = images.get(job.image)
    if have is None:
        return "no image"
    if have.labels.get(fingerprint.LABEL) != job.fingerprint:
        return fingerprint.changed(have.labels.get(fingerprint.PARTS, ""), job.parts)
    missing = [tag for tag in job.tags if tag not in have.tags]
    return f"no {missing[0]}" if missing else ""
