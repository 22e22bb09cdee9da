"""A weight as a bill of materials, before it takes the form of one format or the other. All text in it is clean."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from packageurl import PackageURL

from tareweight import __version__
from tareweight.errors import one_line
from tareweight.sbom.purl import coordinates, distribution, purl
from tareweight.scale.weight import Package, Weight

Kind = Literal["application", "container", "library", "operating-system"]

_LONGEST = 1000
"""CycloneDX takes versions of up to 1024 characters."""


@dataclass(frozen=True)
class Part:
    """The image, its operating system or a package. `ref` is its own in the bill, and fit for an ID of SPDX.

    `full_name` has the group in it (`@scope/name`, `group:artifact`). `properties` are sorted by name.
    """

    ref: str
    kind: Kind
    group: str
    name: str
    full_name: str
    version: str
    purl: PackageURL | None
    properties: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bill:
    """An image and what is in it. `timestamp` is in UTC and whole seconds, `uuid` is made from all that decides the document."""

    image: Part
    parts: tuple[Part, ...]
    uuid: UUID
    timestamp: datetime


def bill(weight: Weight, *, name: str, version: str, timestamp: datetime) -> Bill:
    """The bill of `weight`: every package of it, and its operating system where that is known."""
    zoned = timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=timezone.utc)
    moment = zoned.astimezone(timezone.utc).replace(microsecond=0)
    identity = (weight.image_id, _clean(name), _clean(version), moment.isoformat(), __version__)
    return Bill(
        image=_image(weight, _clean(name) or "image", _clean(version)),
        parts=(*_system(weight), *_packages(weight)),
        uuid=uuid5(NAMESPACE_URL, "\n".join(("tareweight", *identity)).encode("utf-8", "replace").decode()),
        timestamp=moment,
    )


def _image(weight: Weight, name: str, version: str) -> Part:
    properties = {"image-id": weight.image_id, "platform": weight.platform, "size": str(weight.size)}
    if not weight.scan.complete:
        properties["complete"] = "false"
    return Part("image", "container", "", name, name, version, None, _properties(properties))


def _system(weight: Weight) -> Iterator[Part]:
    name, version = (_clean(text) for text in distribution(weight.scan.os))
    if name:
        yield Part("operating-system", "operating-system", "", name, name, version, None, ())


def _packages(weight: Weight) -> Iterator[Part]:
    """One part for each package, sorted. The same package at two places is two parts, as it takes its bytes twice."""
    seen: Counter[str] = Counter()
    for package in sorted(weight.scan.packages, key=lambda one: (one.type, one.name, one.version, one.path, one.bytes, one.files)):
        ref = _ref(package)
        seen[ref] += 1
        yield _part(package, ref if seen[ref] == 1 else f"{ref}-{seen[ref]}", weight.scan.os)


def _part(package: Package, ref: str, os: str) -> Part:
    group, name = (_clean(text) for text in coordinates(package.type, package.name))
    version = _clean(package.version)
    told = {"bytes": str(package.bytes), "files": str(package.files), "path": package.path, "source": package.source, "type": package.type}
    return Part(
        ref=ref,
        kind="application" if _runs(package) else "library",
        group=group,
        name=name or "unnamed",
        full_name=_clean(package.name) or "unnamed",
        version=version,
        purl=purl(package.type, _clean(package.name), version, source=_clean(package.source), os=os),
        properties=_properties(told),
    )


def _runs(package: Package) -> bool:
    """Whether it is a program of its own: a copied interpreter, or the Go module that a program was built from (it owns the file)."""
    return package.type == "generic" or (package.type == "golang" and package.files > 0)


def _ref(package: Package) -> str:
    """A name that stays the same as long as the package, its version and its place do: readable at first, then a hash of these."""
    identity = "\0".join((package.type, package.name, package.version, package.path))
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", f"{package.type}-{package.name}")[:60].strip("-")
    return f"{readable}-{hashlib.sha256(identity.encode('utf-8', 'replace')).hexdigest()[:16]}"


def _properties(told: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((f"tareweight:{key}", one_line(told[key])) for key in sorted(told) if told[key])


def _clean(text: str) -> str:
    return one_line(text)[:_LONGEST]
