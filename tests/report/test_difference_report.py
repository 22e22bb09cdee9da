from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.making import weight

from tareweight.difference import Difference, between
from tareweight.errors import BadInput
from tareweight.report import text
from tareweight.report.difference import FORMATS, MOST_FILES, MOST_GROUPS, MOST_PACKAGES, render
from tareweight.scale.files import FileRow
from tareweight.scale.weight import CLASSES, Config, Finding, Package, Surface, Weight

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "diff.schema.json").read_text(encoding="utf-8"))
CLASS_SIZES = dict.fromkeys(CLASSES, 0)
NAMES = ("calculator:single", "calculator:distroless")


def file(path: str, size: int, owner: str = "", place: str = "app", mode: str = "0644") -> FileRow:
    return FileRow(path, "f", size, mode, 0, owner, place, 0, "")


def old() -> tuple[Weight, dict[str, FileRow]]:
    rows = [
        file("/usr/bin/bash", 1_200_000, "deb:bash", "os"),
        file("/usr/lib/libc.so.6", 2_000_000, "deb:libc6", "os"),
        file("/usr/lib/go/compile", 700_000_000, "deb:golang-1.24-go", "runtime"),
        file("/var/lib/apt/lists/deb", 30_000_000, "", "leftover"),
        file("/app/server", 5_000_000),
        file("/app/page", 5_000),
    ]
    packages = [Package("deb", "bash", "5.2-1", 1_200_000, 1), Package("deb", "libc6", "2.41-1", 2_000_000, 1), Package("deb", "same", "1", 0, 0)]
    packages.append(Package("deb", "golang-1.24-go", "1.24.4-1", 700_000_000, 1))
    classes = {**CLASS_SIZES, "os": 3_200_000, "runtime": 700_000_000, "leftover": 30_000_000, "app": 5_005_000}
    told = weight(
        sum(classes.values()), packages=packages, classes=classes, files=6, os="Debian GNU/Linux 13", layers=[700_000_000, 40_000_000],
        surface=Surface(shells=("/usr/bin/bash", "/usr/bin/dash"), executables=812, setuid=tuple(f"/usr/bin/{name}" for name in "abcdefgh")), user="",
    )  # fmt: skip
    environment = (("GOLANG_VERSION", "1.24"), ("PATH", "/usr/local/go/bin:/usr/bin"))
    return replace(told, config=Config("", ("/app/server", "--port=80"), (), environment, (), (), "/app")), {one.path: one for one in rows}


def new() -> tuple[Weight, dict[str, FileRow]]:
    rows = [
        file("/usr/lib/libc.so.6", 2_100_000, "deb:libc6", "os"),
        file("/app/server", 5_000_000, mode="0755"),
        file("/app/page", 5_000),
        file("/etc/odd", 5, "", "unowned"),
    ]
    packages = [Package("deb", "libc6", "2.41-2", 2_100_000, 1), Package("deb", "same", "1", 0, 0)]
    classes = {**CLASS_SIZES, "os": 2_100_000, "app": 5_005_000, "unowned": 5}
    told = weight(sum(classes.values()), packages=packages, classes=classes, files=4, os="Distroless", surface=Surface(executables=1))
    config = Config("65532", ("/app/server",), (), (("PATH", "/usr/bin"),), ("8080/tcp",), (), "/app")
    return replace(told, config=config, secrets=(Finding("token", "environment KEY"),)), {one.path: one for one in rows}


def usual() -> Difference:
    return between(old()[0], new()[0], old()[1], new()[1], ["/app/server"], NAMES)


def squeezed(drawn: str) -> str:
    return " ".join(drawn.split())


def test_table_says_what_changed_and_why() -> None:
    said = squeezed(render(usual(), "table"))
    for part in (
        "calculator:single -> calculator:distroless: -731 MB, 104x smaller (-99.0 %)",
        "Debian GNU/Linux 13 -> Distroless",
        "language runtime or toolchain 700 MB 0 B -700 MB",
        "all 738 MB 7.1 MB -731 MB",
        "packages: 2 dropped (-701 MB), 1 changed (+0.1 MB), 1 the same",
        "- deb golang-1.24-go 1.24.4-1 -700 MB",
        "~ deb libc6 2.41-1 -> 2.41-2 +0.1 MB",
        "caches and lists left behind /var/lib/apt 30.0 MB -30.0 MB",
        "the app's own files /app 5.0 MB 0 B",
        "files and links: 3 dropped (-731 MB), 1 added (+5 B), 2 changed (+0.1 MB), 1 with another mode, user or target",
        "- /usr/lib/go/compile golang-1.24-go 700 MB -",
        "~ /app/server the app's own files 5.0 MB 5.0 MB",
        "/app/server: mode 0644 -> 0755",
        "no longer: root, shell, setuid",
        "NEW: secret",
        "shells gone: /usr/bin/bash, /usr/bin/dash",
        "setuid gone: /usr/bin/a, /usr/bin/b, /usr/bin/c, /usr/bin/d, /usr/bin/e, /usr/bin/f and 2 more",
        "secrets new: token in environment KEY",
        "calculator:single 738 MB 6 812 2 1.8 MB",
        "user: root (not set) -> 65532",
        'entrypoint: ["/app/server", "--port=80"] -> ["/app/server"]',
        "GOLANG_VERSION: 1.24 -> none",
        "PATH: /usr/local/go/bin:/usr/bin -> /usr/bin",
        'ports: none -> ["8080/tcp"]',
        "accounted for: 99.9 % of the 738 MB that were dropped, added or changed by package: 703 MB (95.2 %)",
        "by class and directory: 35.0 MB (4.7 %)",
        "not explained: 5 B in files of which nothing says what they are for",
    ):
        assert part in said


def test_markdown_has_the_same_and_whole_names() -> None:
    drawn = render(usual(), "markdown")
    assert "### calculator:single -> calculator:distroless: -731 MB".replace(">", "\\>") in drawn
    assert re.search(r"^\| - +\| deb +\| golang-1\.24-go +\| 1\.24\.4-1 +\| +-700 MB \|$", drawn, re.MULTILINE)
    assert "\n- user: root (not set) -\\> 65532\n" in drawn
    assert "…" not in drawn


def test_json_is_as_its_schema_says_and_sums() -> None:
    document = json.loads(render(usual(), "json"))
    jsonschema.validate(document, SCHEMA)
    delta = document["delta_bytes"]
    assert delta == document["new"]["size_bytes"] - document["old"]["size_bytes"] == -731_099_995
    assert sum(one["delta_bytes"] for one in document["classes"]) == delta
    assert sum(one["delta_bytes"] for one in document["packages"] + document["groups"]) + document["rest_bytes"] == delta
    assert sum(one["new_bytes"] or 0 for one in document["files"]) - sum(one["old_bytes"] or 0 for one in document["files"]) == delta
    assert document["files"][0]["path"] == "/usr/lib/go/compile"
    assert 99.9 < document["accounted"]["percent"] < 100


@pytest.mark.parametrize("format", FORMATS)
def test_equal_and_empty_images(format: str) -> None:
    for told in (weight(5), weight(0, files=0)):
        difference = between(told, told, {}, {}, names=("a", "a"))
        drawn = render(difference, format)
        assert drawn.endswith("\n")
        assert not drawn.endswith("\n\n")
        if format == "json":
            jsonschema.validate(json.loads(drawn), SCHEMA)
        else:
            assert "of the same size" in drawn
            assert "nothing was dropped, added or changed" in drawn


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_image_has_no_ratio(format: str) -> None:
    drawn = render(between(weight(0, files=0), weight(5), {}, {"/x": file("/x", 5)}), format)
    assert "x larger" not in drawn
    assert "nan" not in drawn
    if format == "table":
        assert ": +5 B\n" in squeezed(drawn) + "\n" or "+5 B image size" in squeezed(drawn)


def test_without_lists_of_files() -> None:
    difference = between(old()[0], new()[0], names=NAMES)
    document = json.loads(render(difference, "json"))
    jsonschema.validate(document, SCHEMA)
    assert document["files"] is None
    said = squeezed(render(difference, "table"))
    assert "not explained: 30.0 MB in files that aren't listed" in said
    assert "of the change in size, -30.0 MB is neither in the packages nor in the files of none" in said
    assert "changes are told by package alone" in said


def test_what_is_not_shown_is_counted() -> None:
    packages = [Package("npm", f"p{number:03}", "1", 1000, 1) for number in range(100)]
    rows = {f"/d{number:03}/x": file(f"/d{number:03}/x", 100) for number in range(50)}
    rows |= {f"/p{number:03}": file(f"/p{number:03}", 1000, f"npm:p{number:03}", "packages") for number in range(100)}
    told = weight(105_000, packages=packages, classes={**CLASS_SIZES, "app": 5000, "packages": 100_000})
    other = {path: one._replace(mode="0600") for path, one in rows.items()}
    said = squeezed(render(between(told, weight(0, files=0), rows, {}), "table"))
    assert f"and {100 - MOST_PACKAGES} more -80.0 kB" in said
    assert "all -0.1 MB" in said
    assert f"and {50 - MOST_GROUPS} more 4.0 kB -4.0 kB" in said
    marked = squeezed(render(between(told, told, rows, other), "table"))
    assert f"and {150 - MOST_FILES} more with another mode" in marked


def versions(old: Sequence[tuple[str, int, int]], new: Sequence[tuple[str, int, int]]) -> str:
    """What stands beside a package of which each of `old` and `new` is a copy: version, bytes and files."""
    was, now = (weight(0, packages=[Package("npm", "ms", *copy) for copy in copies]) for copies in (old, new))
    found = re.search(r"ms +(.+?)  +\S+ B$", render(between(was, now, {}, {}), "table"), re.MULTILINE)
    return found[1] if found else ""


def test_versions_that_came_and_went() -> None:
    one, two, three = ("1.0", 5, 1), ("2.0", 6, 1), ("3.0", 7, 1)
    assert versions([one], []) == "1.0"
    assert versions([], [two]) == "2.0"
    assert versions([one, two], [two, three]) == "1.0 -> 3.0"
    assert versions([one, one, two], [two, three]) == "1.0 (2 times) -> 3.0"
    assert versions([one, two], [one]) == "1.0, 2.0 -> 1.0"
    assert versions([one, one], [one]) == "1.0 (2 times) -> 1.0"
    assert versions([one], [("1.0", 6, 1)]) == "1.0 (other files)"
    assert versions([one], [("1.0", 6, 3)]) == "1.0 (1 -> 3 files)"


def test_what_is_new_is_shown_beside_what_is_large() -> None:
    packages = [Package("deb", f"big{number}", "1", 10**9, 1) for number in range(100)]
    said = render(between(weight(0, packages=packages), weight(0, packages=[Package("deb", "small", "1", 1, 1)])), "table")
    assert "+  deb   small" in said
    assert len(re.findall("big", said)) == MOST_PACKAGES - 1


def test_unknown_format_names_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"unknown format 'jsn'\. Did you mean 'json'"):
        render(usual(), "jsn")


HOSTILE = "\x1b[31m|<b>evil</b>`*_\n\r\u202e" + "世" * 300 + "\x07end"


def hostile() -> Difference:
    packages = [Package(HOSTILE, HOSTILE, HOSTILE, 10, 1), Package("npm", "x", HOSTILE * 50, 5, 1)]
    surface = Surface(shells=(HOSTILE,), setuid=(HOSTILE + "2",))
    was = weight(25, packages=packages, surface=surface, os=HOSTILE)
    config = Config(HOSTILE, (HOSTILE,), (HOSTILE,), ((HOSTILE, HOSTILE),), (HOSTILE,), (HOSTILE,), HOSTILE)
    rows = {path: file(path, 10, owner) for path, owner in ((HOSTILE, ""), ("/" + HOSTILE, f"{HOSTILE}:{HOSTILE}"))}
    rows["/link"] = FileRow("/link", "l", 0, "", 0, "", "", 0, HOSTILE)
    other = {**rows, "/link": rows["/link"]._replace(target="\udcff"), HOSTILE: rows[HOSTILE]._replace(mode=HOSTILE)}
    del other["/" + HOSTILE]
    return between(replace(was, config=config), weight(10, user="\udcff"), rows, other, names=(HOSTILE, "b"))


def test_hostile_names_stay_on_their_line() -> None:
    drawn = render(hostile(), "table")
    assert all(text.width(line) <= 100 for line in drawn.splitlines())
    assert all(char == "\n" or char.isprintable() for char in drawn)
    assert len(drawn.splitlines()) < 120
    drawn.encode()


def test_hostile_names_are_no_markdown() -> None:
    drawn = render(hostile(), "markdown")
    assert "<b>" not in drawn.replace("\\<b\\>", "")
    assert all(char == "\n" or char.isprintable() for char in drawn)
    tables = re.findall(r"(?:^\|.*\n)+", drawn, re.MULTILINE)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_hostile_names_are_whole_and_harmless_in_json() -> None:
    drawn = render(hostile(), "json")
    assert drawn.isascii()
    assert "\x1b" not in drawn
    document = json.loads(drawn)
    jsonschema.validate(document, SCHEMA)
    assert HOSTILE in {one["path"] for one in document["files"]}


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_twice(format: str) -> None:
    assert render(usual(), format) == render(usual(), format)
