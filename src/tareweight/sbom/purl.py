"""Package URLs: how the field writes which package is meant. The rules of each type are the purl specification's."""

from __future__ import annotations

import re

from packageurl import PackageURL

_DISTRIBUTIONS = {"deb": ("debian", "devuan", "kali", "raspbian", "ubuntu"), "apk": ("alpine", "chainguard", "postmarketos", "wolfi")}
"""The distributions that make packages of a type; the first where the image says none, or gives itself a name ("Distroless")."""
_RELEASE = re.compile(r"v?(\d[\d.]*)")


def purl(type: str, name: str, version: str, *, source: str = "", os: str = "") -> PackageURL | None:
    """The package URL of a package, or None for a name that can't be written as one.

    `source` is the source package where that has another name. `os` is what the scan says of the distribution.
    """
    group, base = coordinates(type, name)
    qualifiers: dict[str, str] = {}
    if type in _DISTRIBUTIONS:
        system, release = distribution(os)
        known = system in _DISTRIBUTIONS[type]
        group = system if known else _DISTRIBUTIONS[type][0]
        qualifiers = {"distro": f"{system}-{release}" if known and release else "", "upstream": source}
    elif type == "pypi":
        base = re.sub(r"[-_.]+", "-", base)
    elif type == "golang":
        group, _, base = name.rpartition("/")
        version = "" if version == "(devel)" else version
    elif type == "maven" and not group:
        # Maven's repository has no libraries without a group.
        type = "generic"
    if type != "maven":
        group, base = group.lower(), base.lower()
    return _made(type, group, base, version, qualifiers)


def coordinates(type: str, name: str) -> tuple[str, str]:
    """Group (npm's scope with its `@`, Maven's group; empty for the others) and name."""
    if type == "npm" and name.startswith("@"):
        group, _, base = name.partition("/")
        return group, base
    if type == "maven":
        group, _, base = name.rpartition(":")
        return group, base
    return "", name


def distribution(os: str) -> tuple[str, str]:
    """ID and release: "debian" and "13" for "debian 13" and for "Debian GNU/Linux 13 (trixie)"; `os` itself where it names no distribution."""
    words = os.lower().split()
    if not words or not any(words[0] in names for names in _DISTRIBUTIONS.values()):
        return os, ""
    return words[0], next((found[1] for word in words[1:] if (found := _RELEASE.fullmatch(word))), "")


def _made(type: str, group: str, name: str, version: str, qualifiers: dict[str, str]) -> PackageURL | None:
    """None unless a reader would find the same parts in what is written: names from images may hold any character."""
    try:
        made = PackageURL(type, group or None, name, version or None, qualifiers)
        read = PackageURL.from_string(made.to_string())
    except (ValueError, TypeError):
        return None
    return made if read == made else None
