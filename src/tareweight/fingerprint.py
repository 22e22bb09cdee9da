"""Everything that can change an image -> one hash, which the image then carries as a label."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from tareweight.catalog import Target
from tareweight.context import StatCache, ignore_file

LABEL = "dev.tareweight.fingerprint"
_VERSION = 1
"""Raised when Tareweight itself begins to build images in another way."""


def of(
    target: Target,
    *,
    cache: StatCache,
    dockerfile: bytes,
    args: Mapping[str, str],
    bases: Mapping[str, str],
    platform: str,
    labels: Mapping[str, str],
) -> str:
    """The fingerprint (sha256, hex) of a target.

    `args` are the build arguments that its Dockerfile declares; `bases` maps each outside image to its identity
    (a digest or a recipe's fingerprint); `labels` are those that the user's own files decide.
    """
    parts = {
        "version": _VERSION,
        "dockerfile": hashlib.sha256(dockerfile).hexdigest(),
        "context": cache.context(target.app.context, ignore_file(target.app.context, target.dockerfile)),
        "args": dict(args),
        "bases": dict(bases),
        "platform": platform,
        "labels": dict(labels),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
