"""Everything that can change an image -> one hash, which the image then carries as a label, and beside it what the hash is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tareweight.catalog import Target
from tareweight.context import StatCache, ignore_file

LABEL = "dev.tareweight.fingerprint"
PARTS = "dev.tareweight.parts"
"""The parts, as JSON: so that an image tells what has changed since it was built, and there is no state to lose."""
_VERSION = 1
"""Raised when Tareweight itself begins to build images in another way."""
_SHORT = 12


def parts_of(
    target: Target,
    *,
    cache: StatCache,
    dockerfile: bytes,
    args: Mapping[str, str],
    bases: Mapping[str, str],
    platform: str,
    labels: Mapping[str, str],
) -> dict[str, str]:
    """What the image of a target depends on, in words, each with a hash (sha256, hex).

    `args` are the build arguments that its Dockerfile declares; `bases` maps each outside image to its identity
    (a digest or a recipe's fingerprint); `labels` are those that the user's own files decide.
    """
    return {
        "Dockerfile": hashlib.sha256(dockerfile).hexdigest(),
        "source": cache.context(target.app.context, ignore_file(target.app.context, target.dockerfile)),
        "build arguments": _hash(dict(args)),
        **{f"base {name}": _hash(identity) for name, identity in bases.items()},
        "platform": _hash(platform),
        "labels": _hash(dict(labels)),
        "the way of building": _hash(_VERSION),
    }


def of(parts: Mapping[str, str]) -> str:
    """The fingerprint (sha256, hex) of what is made of `parts`."""
    return _hash(dict(parts))


def label(parts: Mapping[str, str]) -> str:
    """What the label `PARTS` says: `parts` with short hashes."""
    return json.dumps({name: value[:_SHORT] for name, value in parts.items()}, separators=(",", ":"))


def changed(built: str, parts: Mapping[str, str]) -> str:
    """What has changed since an image was built whose label `PARTS` says `built`, in words."""
    try:
        before = dict(json.loads(built))
    except (ValueError, TypeError):
        return "something changed"
    names = [name for name, value in parts.items() if before.get(name) != value[:_SHORT]]
    # Words of our own only: what else the label says may be a stranger's.
    if not names and before.keys() - parts.keys():
        names = ["bases"]
    return f"{', '.join(names) or 'something'} changed"


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
