"""Packages of every variant of every app, against the tools that know them: dpkg-query, pip, npm and go, run on the images where they lie."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator

import pytest

from tareweight.scale import files, kept
from tareweight.scale.weight import Weight

from .conftest import TARGETS, Place

pytestmark = pytest.mark.engine

SCRIPTS = {
    "dpkg": "[ -f $image/var/lib/dpkg/status ] && dpkg-query --admindir=$image/var/lib/dpkg -W -f '${db:Status-Status} ${Package} ${Version}\\n'",
    "grep": "grep -hE '^(Package|Version): ' $(ls $image/var/lib/dpkg/status.d/* | grep -v md5sums); grep -hE '^[PV]:' $image/lib/apk/db/installed",
    "pip": "find $image -type d -name '*[et]-packages' | while read -r site; do python3 -m pip list --format json --path $site; done",
    "npm": "find $image -type d -name node_modules -prune | while read -r there; do cd ${there%/*} && npm ls --all --json | tr -d '\\n'; echo; done",
    "go": "go version -m $image",
}
"""Tool -> what it is asked of the file system in $image. All of it is in the image of a target that has the tool, which needs no network."""
OWNERS = {
    "grep": lambda weight: any(package.key == ("deb", "grep") for package in weight.scan.packages),
    "dpkg": lambda weight: any(package.key == ("deb", "dpkg") for package in weight.scan.packages),
    "pip": lambda weight: any(package.key == ("pypi", "pip") for package in weight.scan.packages),
    "npm": lambda weight: any(package.key == ("npm", "npm") for package in weight.scan.packages),
    "go": lambda weight: any(path.endswith("/go") for path in weight.scan.surface.compilers),
}
"""Tool -> whether an image has it."""
Told = Callable[[str, str], str]
Pairs = set[tuple[str, str]]


@pytest.fixture(scope="module")
def told(home: Place, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """`told(tool, target)`: what the tool prints of the target's file system. All of them are asked in one build, and no image moves."""
    folder = tmp_path_factory.mktemp("told")
    contexts = [word for number, target in enumerate(TARGETS) for word in ("--build-context", f"image{number}=docker-image://{home.names[target]}")]
    stages = []
    for tool, script in SCRIPTS.items():
        owner = next(target for target in TARGETS if OWNERS[tool](home.weight(target)))
        contexts += ["--build-context", f"owner-{tool}=docker-image://{home.names[owner]}"]
        mounts = [f"--mount=type=bind,from=image{number},target=/images/{number},readonly" for number in range(len(TARGETS))]
        loop = f"mkdir -p /told/{tool}; for image in /images/*; do out=/told/{tool}/${{image##*/}}; {{ {script}; }} >$out 2>/dev/null </dev/null; done; true"
        stages.append(f"FROM owner-{tool} AS {tool}\nUSER 0\nRUN --network=none {' '.join(mounts)} {json.dumps(['/bin/sh', '-c', loop])}")
    copies = [f"COPY --from={tool} /told /" for tool in SCRIPTS]
    text = "\n".join([*stages, "FROM scratch", *copies, ""])
    words = ["docker", "buildx", "build", "--builder", "default", "--no-cache", "--file", "-", *contexts, "--output", f"type=local,dest={folder}", str(folder)]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    def one(tool: str, target: str) -> str:
        file = folder / tool / str(TARGETS.index(target))
        return file.read_text() if file.exists() else ""

    return one


def kind(weight: Weight, *types: str) -> Pairs:
    """Name and version of the packages of these types."""
    return {(package.name, package.version) for package in weight.scan.packages if package.type in types}


def installed(place: Place, target: str) -> set[str]:
    """Files that aren't in a cache, without the links that `go version` follows."""
    rows = files.read(kept.table(place.tare, place.weight(target).image_id))
    return {path for path, row in rows.items() if row.place != "leftover" and row.kind != "l"}


def test_os_packages_are_those_of_dpkg(home: Place, target: str, told: Told) -> None:
    listed = [line.split() for line in told("dpkg", target).splitlines()]
    expected = {(name, version) for state, name, version in listed if state == "installed"}
    # Distroless keeps a file for each package, which dpkg-query doesn't read; apk's database is read by eye too.
    lines = [line.partition(":")[2].strip() for line in told("grep", target).splitlines()]
    expected |= set(zip(lines[::2], lines[1::2], strict=True))
    assert kind(home.weight(target), "deb", "apk") == expected
    assert bool(expected) == (home.weight(target).scan.os != ""), "only an image without an OS has none"


def test_python_packages_are_those_of_pip(home: Place, target: str, told: Told) -> None:
    lists = [json.loads(line) for line in told("pip", target).splitlines() if line.startswith("[")]
    expected = {(plain(one["name"]), one["version"]) for listed in lists for one in listed}
    found = kind(home.weight(target), "pypi")
    assert {(plain(name), version) for name, version in found} == expected


def plain(name: str) -> str:
    """A Python package's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_node_packages_are_those_of_npm(home: Place, target: str, told: Told) -> None:
    lines = told("npm", target).splitlines()
    expected = set().union(*(depends(json.loads(line)) for line in lines if line.startswith("{")))
    assert kind(home.weight(target), "npm") == expected


def depends(told: dict[str, object]) -> Pairs:
    """Name and version of everything below one package in what `npm ls` prints; what is missing has no version."""
    found: Pairs = set()
    below = told.get("dependencies", {})
    assert isinstance(below, dict)
    for name, one in below.items():
        if "version" in one and not one.get("missing"):
            found.add((name, one["version"]))
        found |= depends(one)
    return found


def test_go_modules_are_those_of_go_version(home: Place, target: str, told: Told) -> None:
    there = installed(home, target)
    expected = {one for one in modules(told("go", target).splitlines()) if one[0] in there}
    packages = home.weight(target).scan.packages
    assert {(one.path, one.name, one.version) for one in packages if one.type == "golang"} == expected


def modules(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Program, module and version: main modules, what they were built with, and the standard library."""
    program, last = "", ("", "")
    for line in lines:
        head, *words = line.split("\t")
        if head:
            path, _, version = head.rpartition(": ")
            program = re.sub(r"^/images/\d+", "", path)
            yield program, "stdlib", version.removeprefix("go").partition(" ")[0]
        elif words[0] in {"mod", "dep"}:
            last = (words[1], words[2])
            yield program, *last


def test_every_tool_told_something(home: Place, told: Told) -> None:
    for tool in SCRIPTS:
        assert any(told(tool, target) for target in TARGETS), tool
    assert {"deb", "pypi", "npm", "golang"} <= {package.type for target in TARGETS for package in home.weight(target).scan.packages}


def test_bytes_of_packages_are_in_the_image(home: Place, target: str) -> None:
    """A file has one owner: packages together are never more than the image."""
    scan = home.weight(target).scan
    assert sum(package.bytes for package in scan.packages) <= scan.size
    rows = files.read(kept.table(home.tare, home.weight(target).image_id))
    owned: dict[str, int] = {}
    for row in rows.values():
        if row.owner:
            owned[row.owner] = owned.get(row.owner, 0) + row.bytes
    named: dict[str, int] = {}
    for package in scan.packages:
        named[f"{package.type}:{package.name}"] = named.get(f"{package.type}:{package.name}", 0) + package.bytes
    assert {name: size for name, size in named.items() if size} == {name: size for name, size in owned.items() if size}
