"""Packages against syft and sizes against dive: each difference follows from a rule, and docs/numbers.md explains it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tareweight.scale import files, kept

from . import tarballs
from .conftest import TARGETS, Place
from .tarballs import Saved

pytestmark = pytest.mark.engine

AT_ONCE = 2
TYPES = {"deb": "deb", "apk": "apk", "python": "pypi", "npm": "npm", "go-module": "golang", "java-archive": "maven", "binary": "generic"}
"""syft's types and ours."""
Package = tuple[str, str, str]


def tool(name: str) -> str:
    """A program of the development dependencies."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name) or ""
    if not found:
        pytest.fail(f"{name} is missing") if os.environ.get("CI") else pytest.skip(f"no {name}")
    return found


@pytest.fixture(scope="module")
def chosen(classic: Place) -> list[str]:
    """The smallest image with each type of package, and the one with most packages: syft takes long for large ones."""
    found = {max(TARGETS, key=lambda target: len(classic.weight(target).scan.packages))}
    for kind in TYPES.values():
        having = [target for target in TARGETS if any(package.type == kind for package in classic.weight(target).scan.packages)]
        found |= {min(having, key=lambda target: classic.weight(target).size)} if having else set()
    return sorted(found)


@pytest.fixture(scope="module")
def syft(classic: Place, chosen: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By target what syft says as JSON."""
    program, folder = tool("syft"), tmp_path_factory.mktemp("syft")
    return _asked(classic, chosen, folder, lambda name, file: [program, "scan", "--quiet", f"docker:{name}", "--output", f"syft-json={file}"])


@pytest.fixture(scope="module")
def dive(classic: Place, chosen: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By target what dive says as JSON."""
    program, folder = tool("dive"), tmp_path_factory.mktemp("dive")
    return _asked(classic, chosen, folder, lambda name, file: [program, "--json", str(file), f"docker://{name}"])


def _asked(place: Place, targets: list[str], folder: Path, command: Callable[[str, Path], list[str]]) -> dict[str, Any]:
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false", **({"DOCKER_HOST": place.host} if place.host else {})}

    def ask(target: str) -> Any:
        file = folder / target.replace(":", "-")
        subprocess.run(command(place.names[target], file), env=environment, capture_output=True, check=True)
        return json.loads(file.read_bytes())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(targets, pool.map(ask, targets), strict=True))


def test_packages_are_those_of_syft(classic: Place, syft: dict[str, Any]) -> None:
    for target, told in syft.items():
        ours = {same(package.type, package.name, package.version) for package in classic.weight(target).scan.packages}
        theirs = {one for artifact in told["artifacts"] for one in installed(artifact, ours)}
        assert theirs == ours, target


def same(kind: str, name: str, version: str) -> Package:
    """A package with its name and version as both write them."""
    if kind == "pypi":
        return kind, re.sub(r"[-_.]+", "-", name).lower(), version
    if name == "stdlib":
        return kind, name, version.removeprefix("go")
    return kind, name, "" if version == "UNKNOWN" else version


def installed(artifact: dict[str, Any], ours: set[Package]) -> Iterator[Package]:
    """What `artifact` of syft's is by our rules, if it is a package at all."""
    kind, name, version = same(TYPES[artifact["type"]], artifact["name"], artifact["version"])
    path = artifact["locations"][0]["path"]
    if kind == "golang" and name.startswith("cmd/"):
        return  # a program of Go's toolchain, which is one package with all of them
    if kind == "npm" and not path.endswith(f"/node_modules/{name}/package.json"):
        return  # the app itself, or what a package carries for its own tests
    if (kind, name) == ("maven", "jrt-fs"):
        return  # a part of every JDK and JRE
    if (kind, name) == ("generic", "gzip") and path.endswith("busybox"):
        return  # busybox, which syft lists too
    if kind == "golang" and (kind, name, "(devel)") in ours and re.fullmatch(r"v0\.0\.0-\d{14}-[0-9a-f]{12}(?:\+dirty)?", version):
        version = "(devel)"  # syft makes a version of the commit that the program was built at
    yield kind, name, version


def test_sizes_are_those_of_dive(classic: Place, dive: dict[str, Any], saved: dict[str, Saved]) -> None:
    for target, told in dive.items():
        weight, image = classic.weight(target), told["image"]
        layers = [tarballs.apparent(layer) for layer in saved[target].layers]
        assert [layer["sizeBytes"] for layer in told["layer"]] == layers, target
        assert image["sizeBytes"] == sum(layers), target
        # Our layers are the engine's, which may have counted the texts of links.
        texts = weight.layered - sum(layers)
        assert weight.size + weight.waste - texts == image["sizeBytes"], target
        # dive's waste has every copy of a file that more than one layer has, the one that is left over too.
        rows = files.read(kept.table(classic.tare, weight.image_id))
        left_over = sum(rows[one["file"]].bytes for one in image["fileReference"] if one["file"] in rows)
        assert image["inefficientBytes"] - left_over == weight.waste - texts, target


def test_the_peers_were_asked_of_every_type(classic: Place, chosen: list[str]) -> None:
    there = {package.type for target in TARGETS for package in classic.weight(target).scan.packages}
    assert there == {package.type for target in chosen for package in classic.weight(target).scan.packages}
    assert any(classic.weight(target).waste > 1_000_000 for target in chosen), "an image whose layers overwrite files is among them"
