"""Java's libraries: what Maven, manifests and file names say, archives in archives, and bombs."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Mapping

import pytest

from tareweight.scale.scan.packages import java
from tareweight.scale.scan.tree import Found, Tree

Plant = Callable[..., Tree]
MANIFEST = "META-INF/MANIFEST.MF"


def packed(files: Mapping[str, str | bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def pom(group: str, name: str, version: str) -> dict[str, str]:
    return {f"META-INF/maven/{group}/{name}/pom.properties": f"#made\r\ngroupId={group}\r\nartifactId = {name}\r\nversion={version}\r\n"}


def found(tree: Tree) -> list[tuple[str, str, list[str]]]:
    return [(one.name, one.version, one.owns) for one in java.read(tree)]


@pytest.mark.parametrize(
    ("file", "content", "packages"),
    [
        ("core-1.2.jar", pom("org.x", "core", "1.2"), [("org.x:core", "1.2")]),
        ("app.jar", pom("org.x", "core", "1.2"), [("org.x:core", "1.2")]),
        ("core.jar", {**pom("a", "merged", "1"), **pom("b", "core", "2")}, [("b:core", "2"), ("a:merged", "1")]),
        ("core-3.jar", pom("a", "merged", "1"), [("core", "3"), ("a:merged", "1")]),
        ("commons-lang3-3.12.0-beta.jar", {MANIFEST: "Implementation-Title: Commons\n"}, [("commons-lang3", "3.12.0-beta")]),
        ("a.jar", {MANIFEST: "Implementation-Title: ti\r\n tle\r\nImplementation-Version: 4\r\n\r\nName: x\r\nImplementation-Title: y\r\n"}, [("title", "4")]),
        ("a.jar", {MANIFEST: "Implementation-Title: In Words\nBundle-SymbolicName: org.a;x:=y\nBundle-Version: 5.0\n"}, [("org.a", "5.0")]),
        ("a.jar", {MANIFEST: "Main-Class: X\n"}, [("a", "")]),
        ("a-1.war", {}, [("a", "1")]),
    ],
)  # fmt: skip
def test_what_an_archive_is(plant: Plant, file: str, content: dict[str, str], packages: list[tuple[str, str]]) -> None:
    tree = plant({f"opt/{file}": packed(content)})
    assert found(tree) == [(name, version, [] if at else [f"opt/{file}"]) for at, (name, version) in enumerate(packages)]
    assert tree.notes == []


def test_archives_in_archives(plant: Plant) -> None:
    deepest = packed({"x-9.jar": packed({})})
    inner = packed({"lib/y-1.jar": deepest, **pom("g", "lib", "2")})
    tree = plant({"app.jar": packed({"BOOT-INF/lib/lib-2.jar": inner, "BOOT-INF/lib/z-3.jar": packed({})}, zipfile.ZIP_STORED)})
    assert [Found("maven", name, version, owns, path) for name, version, owns, path in [
        ("app", "", ["app.jar"], "/app.jar"),
        ("g:lib", "2", [], "/app.jar!/BOOT-INF/lib/lib-2.jar"),
        ("y", "1", [], "/app.jar!/BOOT-INF/lib/lib-2.jar!/lib/y-1.jar"),
        ("z", "3", [], "/app.jar!/BOOT-INF/lib/z-3.jar"),
    ]] == list(java.read(tree))  # fmt: skip
    assert tree.notes == ["/app.jar!/BOOT-INF/lib/lib-2.jar!/lib/y-1.jar!/x-9.jar: not looked into, too deep or too big"]


def test_a_runtimes_own_archives_are_no_libraries(plant: Plant) -> None:
    tree = plant({"opt/java/release": 'JAVA_VERSION="21"', "opt/java/bin/java": "", "opt/java/lib/jrt-fs.jar": packed({}), "opt/a-1.jar": packed({})})
    assert [name for name, _, _ in found(tree)] == ["a"]


def test_a_bomb_is_not_unpacked(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_BIGGEST_NESTED", 1_000_000)
    monkeypatch.setattr(java, "_MOST_UNPACKED", 1_500_000)
    tree = plant({"app.jar": packed({"a.jar": bytes(2_000_000), "b.jar": bytes(900_000), "c.jar": bytes(900_000)})})
    assert [name for name, _, _ in found(tree)] == ["app", "b"]
    assert tree.notes == [
        "/app.jar!/a.jar: not looked into, too deep or too big",
        "/app.jar!/b.jar: not an archive that can be read",
        "/app.jar!/c.jar: not looked into, too deep or too big",
    ]


def test_an_entry_that_lies_about_its_size(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_BIGGEST_NESTED", 1_000_000)
    data = packed({"a.jar": bytes(5_000_000)})
    tree = plant({"app.jar": data.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 500))})
    assert [name for name, _, _ in found(tree)] == ["app"]
    assert tree.notes == ["/app.jar!/a.jar: can't be unpacked"]


def test_odd_packings_are_passed_over(plant: Plant) -> None:
    tree = plant({"app.jar": packed({MANIFEST: "Implementation-Title: a\n", "a.jar": packed({})}, zipfile.ZIP_LZMA)})
    assert [name for name, _, _ in found(tree)] == ["app"]
    assert tree.notes == ["/app.jar: not an archive that can be read"]


def test_a_table_larger_than_its_limit_is_not_read(plant: Plant) -> None:
    data = bytearray(packed({"a": ""}))
    at = data.rindex(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<I", 9_000_000)
    large = packed({"a": ""})
    at = large.rindex(b"PK\x05\x06")
    zip64 = large[:at] + struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1) + large[at:]
    tree = plant({"x-1.jar": bytes(data), "y-1.jar": zip64})
    assert found(tree) == [("x", "1", ["x-1.jar"]), ("y", "1", ["y-1.jar"])]
    assert tree.notes == ["/x-1.jar: not an archive that can be read", "/y-1.jar: not an archive that can be read"]


def test_damage_anywhere_raises_nothing(plant: Plant) -> None:
    data = packed({**pom("g", "a", "1"), "lib/b-2.jar": packed(pom("h", "b", "2"))})
    files: dict[str, bytes] = {f"cut-{size}.jar": data[:size] for size in range(0, len(data), 7)}
    files.update({f"spoilt-{at}.jar": data[:at] + b"\xff" + data[at + 1 :] for at in range(0, len(data), 3)})
    packages = list(java.read(plant(files)))
    assert {path for one in packages for path in one.owns} == set(files)
