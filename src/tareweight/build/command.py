"""A Job -> the argv of its `docker buildx build`, or an entry of a bake file: one plan, two tellings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tareweight import fingerprint
from tareweight.build.builder import context_words
from tareweight.build.plan import OCI, Job
from tareweight.build.setup import Setup, cache_of
from tareweight.engine.client import Engine
from tareweight.settings import EPOCH, Settings

ENVIRONMENT = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "DOCKER_CLI_HINTS": "false"}
"""Provenance is never reproducible and an attestation would change the image's ID."""


def archive(metadata: Path) -> Path:
    """Where an image goes on its way into the engine, if it doesn't go by itself."""
    return metadata.with_suffix(".tar")


def labels(job: Job, source: Mapping[str, str]) -> dict[str, str]:
    """Every label of the image. `source` (revision and source) is left out of the fingerprint: a commit that changes nothing rebuilds nothing."""
    found = {**job.labels, **source, fingerprint.LABEL: job.fingerprint, fingerprint.PARTS: fingerprint.label(job.parts)}
    if job.base:
        found[f"{OCI}.base.digest"] = job.base.digest
        found["dev.tareweight.base.source"] = job.base.source
    return found


def argv(
    job: Job, *, engine: Engine, settings: Settings, source: Mapping[str, str], metadata: Path, no_cache: bool, setup: Setup | None = None
) -> list[str]:
    """The command that builds one target; with `setup` where that isn't simply on the engine and for it."""
    words = [*(context_words(setup.builder) if setup else ["docker"]), "buildx", "build", "--builder", setup.builder.name if setup else engine.builder]
    words += ["--progress", "rawjson", "--metadata-file", str(metadata)]
    words += _asked(job, setup) if setup else []
    if setup and setup.registry:
        # Without a tag: what is pushed so can be pulled and checked, and nobody who asks for the app gets it yet.
        words += ["--output", f"type=image,name={setup.registry}/{job.target.app.name},push=true,push-by-digest=true"]
    elif setup and setup.rewrite:
        words += ["--output", fields("type=docker", f"dest={archive(metadata)}", f"name={','.join(job.tags)}", "rewrite-timestamp=true")]
    else:
        words += [word for tag in job.tags for word in ("--tag", tag)]
    for key, value in labels(job, source).items():
        words += ["--label", f"{key}={value}"]
    if no_cache:
        words.append("--no-cache")
    return [*words, *ingredients(job, settings, setup.contexts if setup else {})]


def _asked(job: Job, setup: Setup) -> list[str]:
    """The options of one target for what is asked of its builder."""
    words = ["--platform", ",".join(setup.platforms)]
    if setup.builder.driver != "docker" and not setup.registry and not setup.rewrite:
        words.append("--load")
    for option, caches in (("--cache-from", setup.cache_from), ("--cache-to", setup.cache_to)):
        words += [word for cache in caches for word in (option, cache_of(cache, job.target.app.name, job.target.variant))]
    return words


def ingredients(job: Job, settings: Settings, lent: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """What a target is built from, whatever comes of it: the Dockerfile, arguments, bases and secrets, and its context as the last word.

    `lent` says where the builder finds a base instead, by its reference.
    """
    words = ["--file", str(job.target.dockerfile)]
    for key, value in _args(job, settings).items():
        words += ["--build-arg", f"{key}={value}"]
    for base in job.bases:
        if context := lent.get(base.reference, base.context):
            words += ["--build-context", f"{base.reference}={context}"]
    for name, path in settings.secrets.items():
        words += ["--secret", _secret(name, path)]
    return [*words, str(job.target.app.context)]


def _args(job: Job, settings: Settings) -> dict[str, str]:
    """The build arguments. The epoch, which BuildKit makes the image's `created`, isn't part of the fingerprint, as the revision isn't."""
    return {**({EPOCH: str(settings.epoch)} if settings.epoch is not None else {}), **job.args}


def bake(jobs: Sequence[Job], *, settings: Settings, source: Mapping[str, str]) -> str:
    """The plan as a bake file (JSON). Strings are templates there, so `${` and `%{` are escaped."""
    targets: dict[str, Any] = {}
    for job in jobs:
        target: dict[str, Any] = {
            "context": str(job.target.app.context),
            "dockerfile": str(job.target.dockerfile),
            "tags": list(job.tags),
            "labels": labels(job, source),
            "args": _args(job, settings),
            "contexts": {base.reference: base.context for base in job.bases if base.context},
            "secret": [_secret(name, path) for name, path in settings.secrets.items()],
            "output": ["type=docker"],
        }
        name = bake_name(job)
        while name in targets:  # app a-b:c and app a:b-c
            name += "_"
        targets[name] = _escaped({key: value for key, value in target.items() if value})
    return json.dumps({"group": {"default": {"targets": sorted(targets)}}, "target": targets}, indent=2) + "\n"


def bake_name(job: Job) -> str:
    """The target's name in a bake file, which takes letters, digits, - and _ alone."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", f"{job.target.app.name}-{job.target.variant}")


def _secret(name: str, path: Path) -> str:
    return fields(f"id={name}", f"src={path}")


def fields(*words: str) -> str:
    """One line of CSV, as buildx reads its options: a comma in a path needs quotes."""
    return ",".join('"' + word.replace('"', '""') + '"' if set(word) & set(',"\n\r') else word for word in words)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value]
