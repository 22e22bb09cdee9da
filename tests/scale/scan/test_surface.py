"""What an attacker finds: programs by name, applets of busybox, rights that are too wide."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan import surface
from tareweight.scale.scan.tree import Tree

Lay = Callable[..., Path]


def look(lay: Lay, programs: list[str], others: dict[str, str] | None = None) -> dict[str, list[str]]:
    root = lay({**dict.fromkeys(programs, "x"), **(others or {})}, dict.fromkeys(programs, 0o755))
    return {kind: paths for kind, paths in surface.look(Tree(str(root))).lists.items() if paths}


def test_programs_by_name(lay: Lay) -> None:
    programs = ["usr/bin/dash", "usr/bin/apt-get", "usr/bin/x86_64-linux-gnu-gcc-14", "usr/bin/python3.13", "usr/local/bin/node", "usr/bin/curl", "usr/bin/ls"]
    assert look(lay, programs) == {
        "shells": ["usr/bin/dash"],
        "package_managers": ["usr/bin/apt-get"],
        "compilers": ["usr/bin/x86_64-linux-gnu-gcc-14"],
        "interpreters": ["usr/bin/python3.13", "usr/local/bin/node"],
        "network_clients": ["usr/bin/curl"],
    }


@pytest.mark.parametrize("name", ["bashrc", "python3.13-config", "gcc-ar-14", "mynode", "shar", "curl.1", "x-sh", "cc1"])
def test_names_that_only_look_like_it(lay: Lay, name: str) -> None:
    assert look(lay, [f"usr/bin/{name}"]) == {}


def test_what_can_not_be_run_does_not_count(lay: Lay) -> None:
    assert look(lay, [], {"usr/bin/bash": "x", "etc/apt": "x"}) == {}
    assert look(lay, ["usr/share/doc/x/curl", "app/node_modules/y/bin/node", "etc/alternatives/cc"]) == {}


def test_a_link_counts_once_with_what_it_leads_to(lay: Lay) -> None:
    links = {"bin": "->usr/bin", "usr/bin/sh": "->dash", "usr/bin/cc": "->/etc/alternatives/cc", "etc/alternatives/cc": "->/usr/bin/gcc"}
    assert look(lay, ["usr/bin/dash", "usr/bin/gcc"], links) == {"shells": ["usr/bin/dash"], "compilers": ["usr/bin/gcc"]}


def test_a_link_that_leads_nowhere_is_nothing(lay: Lay) -> None:
    assert look(lay, [], {"bin/sh": "->/bin/none", "bin/bash": "->bash", "bin/ash": "->../../../../../../../../../../bin/sh"}) == {}


def test_applets_are_programs_by_link(lay: Lay) -> None:
    found = look(lay, ["bin/busybox"], {"bin/sh": "->busybox", "bin/ash": "->/bin/busybox", "usr/bin/wget": "->../../bin/busybox", "bin/cat": "->busybox"})
    assert found == {"shells": ["bin/busybox"], "network_clients": ["usr/bin/wget"]}


def test_busybox_is_a_shell_without_an_applet_too(lay: Lay) -> None:
    assert look(lay, ["bin/busybox"]) == {"shells": ["bin/busybox"]}


def test_applets_are_programs_by_hard_link(lay: Lay) -> None:
    root = lay({"busybox/busybox": "x"}, {"busybox/busybox": 0o755})
    for name in ("ash", "nc", "sh"):
        (root / "busybox" / name).hardlink_to(root / "busybox/busybox")
    lists = surface.look(Tree(str(root))).lists
    assert lists["shells"] == ["busybox/ash", "busybox/busybox", "busybox/sh"]
    assert lists["network_clients"] == ["busybox/nc"]


def test_two_names_of_one_program_count_once(lay: Lay) -> None:
    root = lay({"usr/bin/perl": "x"}, {"usr/bin/perl": 0o755})
    (root / "usr/bin/perl5.40.1").hardlink_to(root / "usr/bin/perl")
    assert surface.look(Tree(str(root))).lists["interpreters"] == ["usr/bin/perl"]


def test_rights(lay: Lay) -> None:
    root = lay({"su": "x", "wall": "x", "open": "x", "tmp/x": "x", "free/x": "x"}, {"su": 0o4755, "wall": 0o2755, "open": 0o666, "tmp": 0o1777, "free": 0o777})
    (root / "link").symlink_to("open")
    os.mkfifo(root / "pipe")
    (root / "pipe").chmod(0o666)
    found = surface.look(Tree(str(root)))
    assert found.lists["setuid"] == ["su", "wall"]
    assert found.lists["world_writable"] == ["free", "open"]
    assert found.executables == 2


def test_lists_are_bounded_and_counts_are_not(lay: Lay) -> None:
    programs = [f"d{number:03}/sh" for number in range(surface.MOST + 50)]
    root = lay(dict.fromkeys(programs, ""), dict.fromkeys(programs, 0o755))
    tree = Tree(str(root))
    found = surface.look(tree)
    assert found.lists["shells"] == programs[: surface.MOST]
    assert found.executables == len(programs)
    assert tree.notes == ["shells: 250 of them, 200 are listed"]
