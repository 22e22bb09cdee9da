"""A base's name -> the recipe that makes its stand-in from Debian packages.

A recipe is a `<family>.toml`, and beside it the Dockerfile of the same name; `debian.toml` explains the keys.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tareweight.bases.reference import PREFIX, RELEASES, ROOTFS_RECIPE, Tag, familiar, read_tag, split
from tareweight.bases.versions import Version, Versions, choose, nearest
from tareweight.errors import BaseUnavailable
from tareweight.tomlfile import load

_DAY = 86_400
NEAREST = ", the nearest to "
"""In what is told of a stand-in: it has another version than the one that was asked for."""


@dataclass(frozen=True)
class Recipe:
    """How to make one base. `tag` is its image's own name; `fingerprint` (sha256, hex) covers all that the making depends on."""

    family: str
    reference: str
    dockerfile: Path
    target: str
    args: tuple[tuple[str, str], ...]
    suite: str
    stand_in: str
    tag: str
    fingerprint: str


@dataclass(frozen=True)
class Family:
    """One recipe file."""

    name: str
    dockerfile: Path
    names: re.Pattern[str]
    source: str
    pattern: str
    version_arg: str
    image_arg: str
    args: dict[str, str]
    stages: dict[str, str]
    stand_in: str
    notes: dict[str, str]


def folders(root: Path) -> list[Path]:
    """Where recipes are looked for: the project's own, then Tareweight's (in the wheel, or in its repository)."""
    here = Path(__file__).resolve().parent
    return [root / "dockerfiles" / "bases", here / "recipes", here.parents[2] / "dockerfiles" / "bases"]


@cache
def _family(file: Path) -> Family:
    table = load(file)
    versions = table.table("versions")
    names = table.string("names")
    source = next((kind for kind in ("apt", "npm", "suite", "any") if kind in versions), "any")
    pattern = versions.string(source, "")
    for where, key, text in ((table, "names", names), (versions, source, pattern)):
        try:
            re.compile(text)
        except re.error as error:
            where.fail(key, f"not a regular expression: {error}")
    family = Family(
        name=file.stem,
        dockerfile=file.parent / table.string("dockerfile", f"{file.stem}.Dockerfile"),
        names=re.compile(names),
        source=source,
        pattern=pattern,
        version_arg=table.string("version_arg", ""),
        image_arg=table.string("image_arg", ""),
        args=table.mapping("args"),
        stages=table.mapping("stages"),
        stand_in=table.string("stand_in"),
        notes=table.mapping("notes"),
    )
    try:
        for text in (family.stand_in, *family.args.values()):
            text.format(version="", release="", flavour="", image="")
    except (KeyError, ValueError, IndexError):
        table.fail("stand_in", "only {version}, {release}, {flavour} and {image} can be filled in, here and in args")
    versions.close()
    table.close()
    if not family.dockerfile.is_file():
        raise BaseUnavailable(f"{file}: {family.dockerfile.name} is missing beside it")
    return family


def families(places: Sequence[Path]) -> list[Family]:
    """Every family, those of earlier places first; a family found twice counts once."""
    found: dict[str, Family] = {}
    for place in places:
        for file in sorted(place.glob("*.toml")) if place.is_dir() else ():
            found.setdefault(file.stem, _family(file))
    return list(found.values())


def find(reference: str, known: Sequence[Family], *, versions: Versions, nearest: bool = False) -> Recipe:
    """The recipe for `reference`, by the first of the `known` families that serves it.

    `BaseUnavailable` where none does, or where the version can't be had: it names those that can.
    """
    name = familiar(reference)
    repository, tag = split(name)
    for family in known:
        if match := family.names.fullmatch(repository):
            return _recipe(family, name, tag, match.groupdict(), versions, take_nearest=nearest)
    raise BaseUnavailable(
        f"no recipe makes {name} from Debian packages", hint=f"Recipes: {', '.join(family.name for family in known)}; or use --bases upstream"
    )


def _recipe(family: Family, name: str, tag: str, groups: dict[str, str | None], versions: Versions, *, take_nearest: bool) -> Recipe:
    if not tag:
        raise BaseUnavailable(f"{name} is pinned by digest, and no stand-in has that digest", hint="Use --bases upstream, or name a tag")
    asked = read_tag(tag, is_debian=family.source == "suite")
    if asked.version and (family.source == "suite" or (family.source == "any" and not re.fullmatch(family.pattern, asked.version))):
        hint = f"There are {', '.join([*RELEASES, *RELEASES.values()])}"
        if family.source == "any":
            hint = f"{family.name}.toml takes versions that match {family.pattern}" if family.pattern else "Its tags have no versions"
        raise BaseUnavailable(f"{name}: no version {asked.version}", hint=hint)
    image = groups.get("image") or ""
    if release := groups.get("release"):
        suites = [suite for suite, number in RELEASES.items() if number == release]
        if not suites:
            raise BaseUnavailable(f"{name}: no Debian {release} here", hint=f"There are {', '.join(RELEASES.values())}")
        asked = Tag(asked.version, suites[0], asked.flavour)
    if version := groups.get("version"):
        asked = Tag(version, asked.suite, asked.flavour)
    stage = family.stages.get(f"{image}:{asked.flavour}", family.stages.get(asked.flavour))
    if stage is None:
        flavours = ", ".join(sorted(key or "(none)" for key in family.stages if ":" not in key))
        raise BaseUnavailable(f"{name}: unknown flavour '{asked.flavour}'", hint=f"There are {flavours}")
    chosen, note = _version(family, name, asked, versions, take_nearest=take_nearest)
    suite = chosen.suite or asked.suite or list(RELEASES)[-1]
    args = {"SUITE": suite}
    if family.version_arg and chosen.name:
        args[family.version_arg] = chosen.name
    if family.image_arg:
        args[family.image_arg] = image
    for key in (image, f"{image}-{RELEASES[suite]}"):
        if key in family.args:
            argument, _, value = family.args[key].format(version=asked.version).partition("=")
            args[argument] = value
    # An image's own version (nodejs24) tells images apart; a version in a tag that no recipe looks at (alpine:3.22) doesn't.
    number = chosen.name or groups.get("version") or ""
    own = "-".join(part for part in (number, asked.flavour, suite) if part)
    words = {"version": chosen.full or asked.version, "release": RELEASES[suite], "flavour": asked.flavour, "image": image}
    fingerprint = hashlib.sha256(repr((family.dockerfile.read_bytes(), stage, sorted(args.items()), ROOTFS_RECIPE)).encode()).hexdigest()
    return Recipe(
        family=family.name,
        reference=name,
        dockerfile=family.dockerfile,
        target=stage,
        args=tuple(sorted(args.items())),
        suite=suite,
        stand_in=family.stand_in.format(**words) + family.notes.get(asked.flavour, "") + note,
        tag=f"{PREFIX}/{family.name}{f'-{image}' if image else ''}:{own}",
        fingerprint=fingerprint,
    )


def _version(family: Family, name: str, asked: Tag, versions: Versions, *, take_nearest: bool) -> tuple[Version, str]:
    """The version to make, and a note when it isn't the one asked for."""
    if family.source in {"suite", "any"}:
        return Version("", "", asked.suite), ""
    known = versions.of(family.source, family.pattern, family.dockerfile)
    wanted = asked.version
    if wanted == "lts":
        even = [int(v.full.split(".")[0]) for v in known if int(v.full.split(".")[0]) % 2 == 0]
        wanted = str(max(even)) if even else ""
    if not known and family.source == "npm":
        return Version(wanted or "latest", wanted, asked.suite), ""
    found = choose(wanted, asked.suite, known)
    if found is None:
        # It may have come out since the look-up that was kept.
        known = versions.of(family.source, family.pattern, family.dockerfile, oldest=_DAY)
        found = choose(wanted, asked.suite, known)
    if found is None and take_nearest and (found := nearest(wanted, [v for v in known if not asked.suite or v.suite in {"", asked.suite}] or known)):
        return _named(family, found, asked.suite), f"{NEAREST}{wanted}"
    if found is None:
        have = ", ".join(dict.fromkeys(_short(family, version) for version in known)) or "none"
        where = f" in Debian {RELEASES[asked.suite]}" if asked.suite else ""
        raise BaseUnavailable(f"{name}: no version {wanted}{where}", hint=f"There are {have}; or use --nearest-base")
    return _named(family, found, asked.suite), ""


def _named(family: Family, version: Version, suite: str) -> Version:
    """npm's versions go with any suite, and are asked for in full: a moved `24` must not hide behind a cached build step."""
    return Version(version.full, version.full, suite) if family.source == "npm" else version


def _short(family: Family, version: Version) -> str:
    return version.full.split(".")[0] if family.source == "npm" else f"{version.name} (Debian {RELEASES[version.suite]})"
