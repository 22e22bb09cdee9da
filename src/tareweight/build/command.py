"""A Job -> the argv of its `docker buildx build`, or an entry of a bake file: one plan, two tellings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tareweight import fingerprint
from tareweight.build.plan import OCI, Job
from tareweight.engine.client import Engine
from tareweight.settings import Settings

ENVIRONMENT = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "DOCKER_CLI_HINTS": "false"}
"""Provenance is never reproducible and an attestation would change the image's ID."""


def labels(job: Job, source: Mapping[str, str]) -> dict[str, str]:
    """Every label of the image. `source` (revision and source) is left out of the fingerprint: a commit that changes nothing rebuilds nothing."""
    found = {**job.labels, **source, fingerprint.LABEL: job.fingerprint}
    if job.base:
        found[f"{OCI}.base.digest"] = job.base.digest
        found["dev.tareweight.base.source"] = job.base.source
    return found


def argv(job: Job, *, engine: Engine, settings: Settings, source: Mapping[str, str], metadata: Path, no_cache: bool) -> list[str]:
    """The command that builds one target."""
    words = ["docker", "buildx", "build", "--builder", engine.builder, "--progress", "rawjson", "--metadata-file", str(metadata)]
    for tag in job.tags:
        words += ["--tag", tag]
    for key, value in labels(job, source).items():
        words += ["--label", f"{key}={value}"]
    if no_cache:
        words.append("--no-cache")
    return [*words, *ingredients(job, settings)]


def ingredients(job: Job, settings: Settings) -> list[str]:
    """What a target is built from, whatever comes of it: the Dockerfile, arguments, bases and secrets, and its context as the last word."""
    words = ["--file", str(job.target.dockerfile)]
    for key, value in job.args.items():
        words += ["--build-arg", f"{key}={value}"]
    for base in job.bases:
        if base.context:
            words += ["--build-context", f"{base.reference}={base.context}"]
    for name, path in settings.secrets.items():
        words += ["--secret", _secret(name, path)]
    return [*words, str(job.target.app.context)]


def bake(jobs: Sequence[Job], *, settings: Settings, source: Mapping[str, str]) -> str:
    """The plan as a bake file (JSON). Strings are templates there, so `${` and `%{` are escaped."""
    targets: dict[str, Any] = {}
    for job in jobs:
        target: dict[str, Any] = {
            "context": str(job.target.app.context),
            "dockerfile": str(job.target.dockerfile),
            "tags": list(job.tags),
            "labels": labels(job, source),
            "args": dict(job.args),
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
    """One line of CSV, as buildx reads it: a comma in a path needs quotes."""
    return ",".join('"' + field.replace('"', '""') + '"' if set(field) & set(',"') else field for field in (f"id={name}", f"src={path}"))


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value]
