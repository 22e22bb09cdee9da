from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.making import weight

from tareweight.difference import Difference, between, candidates
from tareweight.difference.files import directory
from tareweight.scale.files import FileRow
from tareweight.scale.weight import CLASSES, Config, Finding, Package, Surface, Weight


def row(path: str, size: int = 0, owner: str = "", place: str = "app", **more: Any) -> FileRow:
    return FileRow(path, "f", size, "0644", 0, owner, place, 0, "")._replace(**more)


def image(rows: Iterable[FileRow], versions: Mapping[str, str] | None = None, **more: Any) -> tuple[Weight, dict[str, FileRow]]:
    """A weight that agrees with its files; packages are those that own any, in `versions` or 1."""
    files = {one.path: one for one in rows}
    classes = dict.fromkeys(CLASSES, 0)
    owned: dict[str, list[int]] = {}
    for one in files.values():
        if one.kind != "l":
            classes[one.place] += one.bytes
            owned.setdefault(one.owner, []).append(one.bytes)
    packages = [
        Package(owner.partition(":")[0], owner.partition(":")[2], (versions or {}).get(owner, "1"), sum(sizes), len(sizes))
        for owner, sizes in owned.items()
        if owner
    ]
    return weight(sum(classes.values()), classes=classes, packages=packages, files=len(files), **more), files


def compared(old: tuple[Weight, dict[str, FileRow]], new: tuple[Weight, dict[str, FileRow]], changed: Iterable[str] = ()) -> Difference:
    return between(old[0], new[0], old[1], new[1], list(changed), ("a:old", "a:new"))


def sums(difference: Difference) -> None:
    """What has to hold of every difference of weights that agree with their files."""
    delta = difference.new.size - difference.old.size
    assert difference.delta == delta
    assert sum(one.delta for one in difference.classes) == delta
    assert sum(one.delta for one in (*difference.packages, *difference.groups)) + difference.rest == delta
    if difference.files is not None:
        assert difference.rest == 0
        assert difference.account.unlisted == 0
        assert sum(one.delta for one in difference.files) == delta
        assert sum(one.moved for one in difference.files) == difference.account.moved


USUAL = [
    row("/usr/bin/bash", 1_000_000, "deb:bash", "os", mode="0755"),
    row("/usr/share/doc/bash/copyright", 20_000, "deb:bash", "docs"),
    row("/usr/lib/libc.so.6", 2_000_000, "deb:libc6", "os"),
    row("/usr/lib/libc.so", 0, "", "", kind="l", target="libc.so.6"),
    row("/var/lib/apt/lists/one", 300_000, "", "leftover"),
    row("/var/lib/apt/lists/two", 200_000, "", "leftover"),
    row("/app/main", 5_000_000),
    row("/app/static/logo.png", 10_000),
    row("/etc/odd", 7, "", "unowned"),
]
SMALL = [
    row("/usr/lib/libc.so.6", 2_100_000, "deb:libc6", "os"),
    row("/app/main", 5_000_000, mode="4755", uid=65532),
    row("/app/static/logo.png", 10_000),
]


def usual() -> Difference:
    return compared(image(USUAL), image(SMALL, {"deb:libc6": "2"}), ["/app/main"])


def test_each_byte_is_told_by_class_and_by_package_or_directory() -> None:
    difference = usual()
    sums(difference)
    assert {one.name: one.delta for one in difference.classes if one.delta} == {"os": -900_000, "docs": -20_000, "leftover": -500_000, "unowned": -7}
    assert [(one.kind, one.type, one.name, one.old_versions, one.new_versions, one.delta) for one in difference.packages] == [
        ("dropped", "deb", "bash", ("1",), (), -1_020_000),
        ("changed", "deb", "libc6", ("1",), ("2",), 100_000),
    ]
    assert [(one.place, one.directory, one.old_files, one.new_files, one.moved, one.delta) for one in difference.groups] == [
        ("app", "/app", 2, 2, 5_000_000, 0),
        ("leftover", "/var/lib/apt", 2, 0, 500_000, -500_000),
        ("unowned", "/etc", 1, 0, 7, -7),
    ]
    assert difference.same_packages == 0
    assert difference.rest == 0


def test_files_begin_with_what_moved_most() -> None:
    assert usual().files is not None
    assert [(one.kind, one.path, one.old, one.new, one.content) for one in usual().files or ()] == [
        ("changed", "/app/main", 5_000_000, 5_000_000, True),
        ("changed", "/usr/lib/libc.so.6", 2_000_000, 2_100_000, True),
        ("dropped", "/usr/bin/bash", 1_000_000, None, False),
        ("dropped", "/var/lib/apt/lists/one", 300_000, None, False),
        ("dropped", "/var/lib/apt/lists/two", 200_000, None, False),
        ("dropped", "/usr/share/doc/bash/copyright", 20_000, None, False),
        ("dropped", "/etc/odd", 7, None, False),
        ("dropped", "/usr/lib/libc.so", 0, None, False),
    ]
    assert (usual().files or ())[0].marks == (("mode", "0644", "4755"), ("user", "0", "65532"))


def test_what_nothing_explains_is_not_accounted_for() -> None:
    account = usual().account
    assert (account.packages, account.directories, account.unowned, account.unlisted) == (3_120_000, 5_500_000, 7, 0)
    assert account.moved == 8_620_007
    assert account.percent == 100 * 8_620_000 / 8_620_007


def test_only_regular_files_of_equal_size_are_compared_by_content() -> None:
    old = [row("/same", 5), row("/empty"), row("/size", 5), row("/gone", 5), row("/link", kind="l", target="x"), row("/hard", kind="h", target="/same")]
    new = [row("/same", 5), row("/empty"), row("/size", 6), row("/come", 5), row("/link", kind="l", target="y"), row("/hard", kind="h", target="/same")]
    assert candidates(*({one.path: one for one in rows} for rows in (old, new))) == ["/same"]


@pytest.mark.parametrize("files", [[], USUAL])
def test_equal_images_do_not_differ(files: list[FileRow]) -> None:
    difference = compared(image(files), image(files))
    sums(difference)
    for part in (difference.packages, difference.groups, difference.files, difference.settings, difference.surface, difference.notes):
        assert part == ()
    assert difference.same_packages == len({one.owner for one in files if one.owner})
    assert difference.account.percent is None


@pytest.mark.parametrize("back", [False, True])
def test_all_dropped_and_all_added(back: bool) -> None:
    sides = (image([]), image(USUAL)) if back else (image(USUAL), image([]))
    difference = compared(*sides)
    sums(difference)
    kinds = {one.kind for one in difference.packages} | {one.kind for one in difference.files or ()}
    assert kinds == {"added" if back else "dropped"}
    assert difference.account.moved == abs(difference.delta) == image(USUAL)[0].size


def test_changed_content_of_equal_size_moves_bytes_and_no_size() -> None:
    difference = compared(image(USUAL), image(USUAL), ["/usr/bin/bash", "/etc/odd"])
    sums(difference)
    assert difference.delta == 0
    assert difference.packages == ()
    assert [(one.directory, one.moved, one.delta) for one in difference.groups] == [("/etc", 7, 0)]
    assert (difference.account.packages, difference.account.unowned) == (1_000_000, 7)


def test_a_link_s_target_and_a_file_that_became_a_link() -> None:
    old = [row("/a", kind="l", target="x", place=""), row("/b", 10), row("/c", kind="l", target="b", place=""), row("/d", 5)]
    new = [row("/a", kind="l", target="y", place=""), row("/b", kind="l", target="a", place=""), row("/c", 20), row("/d", kind="h", target="/c")]
    difference = compared(image(old), image(new))
    sums(difference)
    assert {one.path: (one.moved, one.marks) for one in difference.files or ()} == {
        "/a": (0, (("target", "x", "y"),)),
        "/b": (10, (("type", "file", "link"),)),
        "/c": (20, (("type", "link", "file"),)),
        "/d": (5, ()),
    }


def test_copies_of_a_package_are_one_by_its_name() -> None:
    def copies(*found: tuple[str, int]) -> Weight:
        return weight(sum(size for _, size in found), packages=[Package("npm", "ms", version, size, 1) for version, size in found])

    difference = between(copies(("2.0", 10), ("2.1", 11), ("2.0", 10)), copies(("2.1", 11), ("2.0", 10)))
    (only,) = difference.packages
    assert (only.kind, only.old_versions, only.new_versions, only.delta) == ("changed", ("2.0", "2.0", "2.1"), ("2.0", "2.1"), -10)
    assert between(copies(("2.0", 10), ("2.1", 11)), copies(("2.1", 11), ("2.0", 10))).packages == ()


def test_the_same_name_of_another_type_is_another_package() -> None:
    one, other = (weight(5, packages=[Package(type_, "wheel", "1", 5, 1)]) for type_ in ("deb", "pypi"))
    assert [(change.kind, change.type) for change in between(one, other).packages] == [("dropped", "deb"), ("added", "pypi")]


def test_a_package_taken_over_by_another_leaves_the_group_it_was_in() -> None:
    difference = compared(image([row("/opt/x/run", 10, place="runtime")]), image([row("/opt/x/run", 10, "deb:x", "runtime")]))
    sums(difference)
    assert [(one.directory, one.delta) for one in difference.groups] == [("/opt/x", -10)]
    assert [(one.name, one.delta) for one in difference.packages] == [("x", 10)]
    assert difference.account.moved == 0


def test_without_lists_of_files_packages_tell() -> None:
    old, new = image(USUAL)[0], image(SMALL, {"deb:libc6": "2"})[0]
    difference = between(old, new, image(USUAL)[1], None)
    sums(difference)
    assert difference.files is None
    assert difference.groups == ()
    assert difference.rest == difference.delta - sum(one.delta for one in difference.packages) == -500_007
    assert (difference.account.packages, difference.account.unlisted) == (1_020_000 + 2_100_000, 500_007)
    assert difference.notes == ("the images' lists of files aren't known, so changes are told by package alone",)


def test_what_the_lists_leave_out_is_said() -> None:
    old, new = image(USUAL), image(SMALL)
    cut = replace(new[0], scan=replace(new[0].scan, size=new[0].size + 1000, classes={**new[0].scan.classes, "unowned": 1000}, complete=False))
    difference = between(old[0], cut, old[1], new[1], names=("a", "b"))
    assert difference.account.unlisted == difference.rest == 1000
    assert sum(one.delta for one in difference.classes) == difference.delta
    assert difference.notes == ("b couldn't be looked at in full: some of its files are counted and not listed",)


def test_an_owner_that_is_no_package_explains_nothing() -> None:
    old, files = image([row("/x", 10, "deb:ghost")])
    difference = compared((replace(old, scan=replace(old.scan, packages=())), files), image([]))
    assert (difference.account.unowned, difference.account.packages, difference.rest) == (10, 0, -10)


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/server", "/server"),
        ("/app/static/x.js", "/app"),
        ("/etc/passwd", "/etc"),
        ("/usr/local/go/bin/go", "/usr/local/go"),
        ("/usr/share/doc/x/copyright", "/usr/share/doc"),
        ("/usr/share/x", "/usr/share/x"),
        ("/var/lib/apt/lists/x", "/var/lib/apt"),
        ("/root/.cache/pip/x", "/root/.cache"),
        ("/usr/lib/x86_64-linux-gnu/x.so", "/usr/lib/x86_64-linux-gnu"),
        ("", ""),
        ("//x", "/"),
    ],
)
def test_directory(path: str, group: str) -> None:
    assert directory(path) == group


def test_settings_field_by_field() -> None:
    old = Config("root", ("/app",), (), (("A", "1"), ("B", "2"), ("C", "3")), ("80/tcp",), (), "/src")
    new = Config("65532", ("/app",), ("serve",), (("B", "two"), ("C", "3"), ("D", "")), ("80/tcp", "81/tcp"), ("/data",), "")
    difference = between(replace(weight(1), config=old), replace(weight(1), config=new))
    assert [(one.field, one.name, one.old, one.new) for one in difference.settings] == [
        ("user", "", ("root",), ("65532",)),
        ("command", "", (), ("serve",)),
        ("environment", "A", ("1",), ()),
        ("environment", "B", ("2",), ("two",)),
        ("environment", "D", (), ("",)),
        ("ports", "", ("80/tcp",), ("80/tcp", "81/tcp")),
        ("volumes", "", (), ("/data",)),
        ("workdir", "", ("/src",), ()),
    ]


def test_surface_by_kind() -> None:
    old = weight(1, surface=Surface(shells=("/bin/sh", "/bin/bash"), setuid=("/bin/su",), executables=7), user="")
    new = weight(1, surface=Surface(shells=("/busybox/sh", "/bin/sh"), setuid=("/bin/su",), executables=2), secrets=(Finding("private key", "/k", 9),))
    difference = between(old, new)
    assert [(one.kind, one.gone, one.new) for one in difference.surface] == [
        ("shells", ("/bin/bash",), ("/busybox/sh",)),
        ("secrets", (), ("private key in /k",)),
    ]
    assert (difference.old.executables, difference.new.executables) == (7, 2)
    assert (difference.old.traits, difference.new.traits) == (("root", "shell", "setuid"), ("shell", "setuid", "secret"))


def test_another_platform_is_said() -> None:
    difference = between(weight(1), replace(weight(1), platform="linux/arm64"))
    assert difference.notes[0] == "the images are for different platforms: linux/amd64 and linux/arm64"


def _random_image(chance: random.Random) -> tuple[Weight, dict[str, FileRow]]:
    owners = ["", "", "deb:a", "deb:b", "npm:@x/y", "pypi:a"]
    names = ["/app/a", "/app/b", "/usr/lib/x", "/usr/local/go/x", "/var/cache/y/z", "/", "/q", "/\ud800\n"]
    rows = []
    for number in range(chance.randrange(40)):
        kind = chance.choice("fffhl")
        owner = "" if kind == "l" else chance.choice(owners)
        place = "" if kind == "l" else chance.choice(list(CLASSES))
        path = chance.choice(names) + str(number % 25)
        rows.append(row(path, chance.choice([0, 1, 10**9, chance.randrange(9999)]) if kind == "f" else 0, owner, place, kind=kind, uid=chance.randrange(2)))
    return image(rows, {owner: chance.choice(["1", "2"]) for owner in owners})


@pytest.mark.parametrize("seed", range(150))
def test_the_parts_sum_to_the_whole_whatever_the_images_are(seed: int) -> None:
    chance = random.Random(seed)
    old, new = _random_image(chance), _random_image(chance)
    equal = candidates(old[1], new[1])
    changed = [path for path in equal if chance.random() < 0.5]
    there, back = compared(old, new, changed), compared(new, old, changed)
    sums(there)
    sums(back)
    assert there.delta == -back.delta
    assert there.account.moved == back.account.moved
    assert there == compared((old[0], dict(reversed(old[1].items()))), new, reversed(changed))


def test_large_lists_take_little_time() -> None:
    old = image(row(f"/app/{number}/x", number, f"npm:{number % 3000}" if number % 2 else "", "packages") for number in range(100_000))
    new = image(row(f"/app/{number}/x", number, f"npm:{number % 3000}" if number % 2 else "", "packages") for number in range(50_000, 150_000))
    difference = compared(old, new)
    sums(difference)
    assert len(difference.files or ()) == 100_000
