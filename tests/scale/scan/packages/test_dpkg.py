"""Debian's packages: dpkg's own database, distroless images', and databases that are damaged or lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.packages import dpkg, text
from tareweight.scale.scan.tree import Found, Tree

Plant = Callable[..., Tree]
INFO = "var/lib/dpkg/info"
STATUS = "var/lib/dpkg/status"
TEXT = """\
Package: bash
Status: install ok installed
Architecture: amd64
Source: bash-src (5.2)
Version: 5.2-1
Description: a shell
 Version: not this one

Package: libc6
Status: hold ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.41

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: wanted
Status: install ok not-installed
Architecture: amd64

"""


def found(tree: Tree) -> dict[str, Found]:
    return {package.name: package for package in dpkg.read(tree)}


def test_installed_packages_own_what_their_lists_say(plant: Plant) -> None:
    tree = plant(
        {
            STATUS: TEXT,
            f"{INFO}/bash.list": "/.\n/bin\n/bin/bash\n/usr/share/doc/bash/copyright\n/etc/missing\n",
            f"{INFO}/bash.postinst": "",
            f"{INFO}/libc6:amd64.list": "/lib/libc.so.6\n/lib/libc.so\n",
            f"{INFO}/libc6:amd64.md5sums": "",
            "usr/bin/bash": "",
            "usr/share/doc/bash/copyright": "",
            "usr/lib/libc.so.6": "",
            "etc/passwd": "",
        },
        links={"bin": "usr/bin", "lib": "usr/lib", "usr/lib/libc.so": "../../etc/passwd"},
    )
    packages = found(tree)
    assert {name: (one.type, one.version, one.source) for name, one in packages.items()} == {
        "bash": ("deb", "5.2-1", "bash-src"),
        "libc6": ("deb", "2.41", ""),
    }
    assert set(packages["bash"].owns) == {"usr/bin/bash", "usr/share/doc/bash/copyright", f"{INFO}/bash.list", f"{INFO}/bash.postinst"}
    assert set(packages["libc6"].owns) == {"usr/lib/libc.so.6", f"{INFO}/libc6:amd64.list", f"{INFO}/libc6:amd64.md5sums"}
    assert tree.notes == []


def test_bytecode_belongs_to_the_package_of_its_module(plant: Plant) -> None:
    tree = plant(
        {
            STATUS: TEXT,
            f"{INFO}/bash.list": "/usr/lib/python3/a.py\n",
            f"{INFO}/libc6.list": "",
            "usr/lib/python3/a.py": "",
            "usr/lib/python3/__pycache__/a.cpython-313.pyc": "",
            "usr/lib/python3/__pycache__/b.cpython-313.pyc": "",
        }
    )
    assert "usr/lib/python3/__pycache__/a.cpython-313.pyc" in found(tree)["bash"].owns
    assert "usr/lib/python3/__pycache__/b.cpython-313.pyc" not in found(tree)["bash"].owns


def test_a_diverted_file_is_owned_where_it_lies(plant: Plant) -> None:
    tree = plant(
        {
            STATUS: TEXT,
            "var/lib/dpkg/diversions": "/bin/x\n/bin/x.real\nlibc6\n/bin/y\n/bin/y.real\n:\n/cut off",
            f"{INFO}/bash.list": "/bin/x\n/bin/y\n",
            f"{INFO}/libc6.list": "/bin/x\n",
            "bin/x": "",
            "bin/x.real": "",
            "bin/y": "",
            "bin/y.real": "",
        }
    )
    packages = found(tree)
    assert set(packages["bash"].owns) == {"bin/x.real", "bin/y.real", f"{INFO}/bash.list"}
    assert set(packages["libc6"].owns) == {"bin/x", f"{INFO}/libc6.list"}


def test_distroless_descriptions(plant: Plant) -> None:
    folder = "var/lib/dpkg/status.d"
    tree = plant(
        {
            f"{folder}/base": "Package: base\nVersion: 13\nSource: base-src\n",
            f"{folder}/base.md5sums": f"{'0' * 32}  usr/lib/os-release\n{'0' * 32}  usr/lib/picked\n{'0' * 32}  ../../outside\n",
            f"{folder}/bare": "Package: bare\nVersion: 1\n",
            f"{folder}/odd": "nothing to say\n",
            "usr/lib/os-release": "",
            "lib/picked": "",
            "usr/share/doc/base/copyright": "",
            "usr/share/doc/other/copyright": "",
        }
    )
    packages = found(tree)
    assert set(packages) == {"base", "bare"}
    assert packages["base"].source == "base-src"
    assert set(packages["base"].owns) == {
        f"{folder}/base", f"{folder}/base.md5sums", "usr/lib/os-release", "lib/picked", "usr/share/doc/base/copyright"
    }  # fmt: skip
    assert packages["bare"].owns == [f"{folder}/bare"]
    assert tree.notes == [
        f"/{folder}/odd: doesn't describe a package",
        f"/{folder}/: no list of the files of 1 package: bare",
    ]


@pytest.mark.parametrize("cut", [TEXT[: TEXT.index("Multi-Arch") + 3], TEXT[: TEXT.index("Version: 2.41")]])
def test_a_database_that_is_cut_off_is_read_as_far_as_it_goes(plant: Plant, cut: str) -> None:
    tree = plant({STATUS: cut, f"{INFO}/bash.list": "/etc/a\n", "etc/a": ""})
    assert found(tree)["bash"].owns == ["etc/a", f"{INFO}/bash.list"]
    assert tree.notes == [f"/{STATUS}: damaged or cut off; the last package that it describes is bash"]


def test_lists_that_lie(plant: Plant, tmp_path: Path) -> None:
    (tmp_path.parent / "outside").write_text("")
    tree = plant(
        {
            STATUS: TEXT,
            f"{INFO}/bash.list": b"/../outside\n/etc/../a\n/loop/x\n\xff\xfe\n/" + b"a/" * 5000 + b"\n" + b"/up/" * 90 + b"x\n\n\n/a\n",
            "a": "",
        },
        links={"loop": "loop", "up": ".."},
    )
    assert found(tree)["bash"].owns == ["a", "a", f"{INFO}/bash.list"]
    assert tree.notes == [f"/{INFO}/: no list of the files of 1 package: libc6"]


def test_a_list_that_never_ends_is_read_in_part(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_LONGEST_LIST", 12)
    tree = plant({STATUS: TEXT, f"{INFO}/bash.list": "/a\n/b\n" + "/c\n" * 99, f"{INFO}/libc6.list": "", "a": "", "b": "", "c": ""})
    assert set(found(tree)["bash"].owns) == {"a", "b", "c", f"{INFO}/bash.list"}
    assert tree.notes == [f"/{INFO}/bash.list: only the first 12 bytes were read"]


def test_names_that_lie(plant: Plant) -> None:
    status = f"Package: ../../etc/x\nStatus: install ok installed\nVersion: {'9' * 5000}\n\nPackage: \xff\nVersion: 1\nStatus: a b installed\n\n"
    tree = plant({STATUS: status.encode("latin-1"), "var/lib/etc/x.list": "/a\n", "a": ""})
    packages = list(dpkg.read(tree))
    assert [len(package.version) for package in packages] == [200, 1]
    assert all(package.owns == [] and package.name.encode() for package in packages)


@pytest.mark.parametrize("data", [b"", b"\n\n\n\n", b"\0" * 1000, b"Package: a", b"\xff\xfe\n\n" * 100])
def test_rubbish_is_no_package(plant: Plant, data: bytes) -> None:
    tree = plant({STATUS: data, "var/lib/dpkg/status.d/x": data})
    assert found(tree) == {}
    assert tree.notes


@pytest.mark.engine
def test_agrees_with_dpkg(take: Callable[..., Path], inside: Callable[[str, str], str]) -> None:
    tree = Tree(str(take("calculator", "var/lib/dpkg", "usr/bin", "usr/share/perl")))
    packages = list(dpkg.read(tree))
    told = inside("calculator", r"dpkg-query -W -f '${Package} ${Version} ${source:Package}\n'")
    assert sorted(f"{one.name} {one.version} {one.source or one.name}" for one in packages) == sorted(told.splitlines())
    owners = inside("calculator", "find /usr/bin /usr/share/perl -type f | xargs dpkg-query -S 2>/dev/null || true")
    expected = {(path.strip()[1:], names.partition(":")[0]) for names, _, path in (line.partition(": ") for line in owners.splitlines())}
    owned = {(path, one.name) for one in packages for path in one.owns if path.startswith(("usr/bin/", "usr/share/perl/"))}
    assert len(owned) > 500
    assert owned == {(path, name) for path, name in expected if name != "diversion by dash from"}
