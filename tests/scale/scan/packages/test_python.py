"""Python's packages: what pip records, what older tools left, and records that lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.packages import python
from tareweight.scale.scan.tree import Found, Tree

Plant = Callable[..., Tree]
SITE = "usr/lib/python3.13/site-packages"
HEAD = "Metadata-Version: 2.1\nName: {}\nVersion: {}\n\nName: not this\nVersion: 0\n"


def found(tree: Tree) -> dict[str, Found]:
    return {package.name: package for package in python.read(tree)}


def test_a_record_with_scripts_bytecode_and_a_linked_folder(plant: Plant) -> None:
    info = f"{SITE}/one-1.0.dist-info"
    record = 'one/__init__.py,sha256=x,1\n../../../bin/one,,\n"one/a, ""b"".txt",,\none-1.0.dist-info/RECORD,,\n/opt/data,,\nmissing.py,,\n'
    tree = plant(
        {
            f"{info}/METADATA": HEAD.format("one", "1.0"),
            f"{info}/RECORD": record,
            f"{info}/INSTALLER": "pip",
            f"{SITE}/one/__init__.py": "",
            f"{SITE}/one/__pycache__/__init__.cpython-313.pyc": "",
            f"{SITE}/one/__pycache__/__init__.cpython-313.opt-1.pyc": "",
            f"{SITE}/one/__pycache__/other.cpython-313.pyc": "",
            f'{SITE}/one/a, "b".txt': "",
            "usr/local/bin/one": "",
            "opt/data": "",
        },
        links={"usr/bin": "local/bin"},
    )
    package = found(tree)["one"]
    assert (package.type, package.version, package.path) == ("pypi", "1.0", f"/{SITE}")
    assert len(package.owns) == len(set(package.owns))
    assert set(package.owns) == {*tree.files} - {f"{SITE}/one/__pycache__/other.cpython-313.pyc"}
    assert tree.notes == []


def test_packages_without_a_record(plant: Plant) -> None:
    tree = plant(
        {
            f"{SITE}/old.egg-info/PKG-INFO": HEAD.format("old", "1"),
            f"{SITE}/old.egg-info/installed-files.txt": "PKG-INFO\n../old.py\n",
            f"{SITE}/old.py": "",
            f"{SITE}/guess.egg-info/PKG-INFO": HEAD.format("guess", "2"),
            f"{SITE}/guess.egg-info/top_level.txt": "guess\n_guess\n..\n/etc\n",
            f"{SITE}/guess/deep/a.py": "",
            f"{SITE}/_guess.py": "",
            f"{SITE}/plain-3.egg-info": HEAD.format("plain", "3"),
            "app/src/app.egg-info/PKG-INFO": HEAD.format("app", "4"),
            "etc/passwd": "",
        }
    )
    packages = found(tree)
    assert {name: one.version for name, one in packages.items()} == {"old": "1", "guess": "2", "plain": "3"}
    assert set(packages["old"].owns) == {f"{SITE}/old.egg-info/PKG-INFO", f"{SITE}/old.egg-info/installed-files.txt", f"{SITE}/old.py"}
    assert set(packages["guess"].owns) == {
        f"{SITE}/guess.egg-info/PKG-INFO", f"{SITE}/guess.egg-info/top_level.txt", f"{SITE}/guess/deep/a.py", f"{SITE}/_guess.py"
    }  # fmt: skip
    assert packages["plain"].owns == [f"{SITE}/plain-3.egg-info"]


def test_what_a_package_carries_along_is_not_installed(plant: Plant) -> None:
    tree = plant(
        {
            f"{SITE}/setuptools/vendor/carried-1.dist-info/METADATA": HEAD.format("carried", "1"),
            "deps/pip/_vendor/kept-1.dist-info/METADATA": HEAD.format("kept", "1"),
            "deps/real-1.dist-info/METADATA": HEAD.format("real", "1"),
        }
    )
    assert set(found(tree)) == {"real"}


@pytest.mark.parametrize(
    "record",
    [
        "../../../../../../../../../outside,,\n",
        "/../outside,,\n",
        b"\xff\xfe\0,,\n,,\n,\n\n",
        '"never closed\n"\n""\n',
        "a/" * 5000 + ",,\n",
        "",
    ],
)
def test_records_that_lie(plant: Plant, tmp_path: Path, record: str | bytes) -> None:
    (tmp_path.parent / "outside").write_text("")
    info = f"{SITE}/one-1.0.dist-info"
    tree = plant({f"{info}/METADATA": HEAD.format("one", "1.0"), f"{info}/RECORD": record})
    assert set(found(tree)["one"].owns) == {f"{info}/METADATA", f"{info}/RECORD"}


@pytest.mark.parametrize("data", [b"", b"Name: only\n", b"Version: 1\n", b"\0" * 100])
def test_metadata_without_name_and_version_is_noted(plant: Plant, data: bytes) -> None:
    tree = plant({f"{SITE}/x.dist-info/METADATA": data})
    assert found(tree) == {}
    assert tree.notes == [f"/{SITE}/x.dist-info/METADATA: no name and version"]


LIST = """\
import importlib.metadata as m, json
told = {d.metadata["Name"]: [str(f.locate().resolve()) for f in d.files or () if f.locate().is_file()] for d in m.distributions()}
print(json.dumps(told))
"""


@pytest.mark.engine
def test_agrees_with_pip(take: Callable[..., Path], inside: Callable[[str, str], str]) -> None:
    tree = Tree(str(take("greeter", "usr/local/lib/python3.13", "usr/local/bin")))
    packages = found(tree)
    listed = {one["name"]: one["version"] for one in json.loads(inside("greeter", "python -m pip list --format json"))}
    assert {name: one.version for name, one in packages.items()} == listed
    told = json.loads(inside("greeter", f"python -c '{LIST}'"))
    for name, paths in told.items():
        owns = {path for path in packages[name].owns if not path.endswith(".pyc")}
        assert owns == {path[1:] for path in paths if not path.endswith(".pyc")}, name
