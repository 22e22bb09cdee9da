"""Toolchains and bases: what the image starts decides what it can do without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.making import BASE, MB, case, file, weight

from tareweight.advice import Advice, Case, advise
from tareweight.advice.stages import WORTH_A_BASE
from tareweight.scale.files import FileRow
from tareweight.scale.weight import Config, Package, Program, Surface

GCC = file("/usr/lib/gcc/cc1", 60 * MB, "deb:gcc-14", "runtime", mtime=1)
GO = file("/usr/local/go/bin/go", 90 * MB, "golang:cmd", "runtime", mtime=1)
PYTHON = file("/usr/bin/python3.13", 7 * MB, "deb:python3.13-minimal", "runtime", mtime=1)
SYSTEM = file("/usr/share/system", 40 * MB, "deb:coreutils", "os", mtime=1)
LIBC = "/usr/lib/libc.so.6"
BUILT = "FROM golang:${V} AS make\nCOPY . .\nRUN make\nENTRYPOINT [\"/app/run\"]\n"


def program(path: str, kind: str = "static", *, libraries: Sequence[str] = (), interpreter: str = "", by_shell: bool = False) -> Program:
    return Program(path, kind, interpreter, tuple(libraries), by_shell)


def on(base: Sequence[FileRow], own: Sequence[FileRow] = (), dockerfile: str = "FROM debian:trixie-slim\n", **more: Any) -> Case:
    return case(dockerfile, [(sum(row.bytes for row in own), "RUN x")], own, base={**BASE, **{row.path: row for row in base}}, **more)


def one(told: Case, kind: str) -> Advice:
    (found,) = (advice for advice in advise(told) if advice.kind == kind)
    return found


def kinds(told: Case) -> list[str]:
    return [advice.kind for advice in advise(told)]


APP = file("/app/run", 2 * MB)


def compiled(**more: Any) -> Case:
    told = {"dockerfile": BUILT, "program": program("/app/run"), "base_name": "golang:1.24", **more}
    return on([GCC, GO, SYSTEM], [APP], **told)


def test_a_compiled_program_needs_no_compiler() -> None:
    told = one(compiled(), "multi-stage")
    assert (told.saves, told.bound, told.line) == (150 * MB, "at least", 1)
    assert told.how[0] == "Dockerfile:1: FROM golang:${V} AS make"
    assert "FROM scratch" in told.how[1]
    assert "COPY --from=make /app/run /app/run" in told.how[2]
    # What remains of the base is told once, without what is told there.
    rest = one(compiled(), "smaller base")
    assert (rest.saves, rest.bound) == (43 * MB, "at most")


def test_a_variant_that_does_without_makes_it_exact() -> None:
    small = weight(5 * MB, name="small")
    told = replace(compiled(), siblings={"small": small, "large": weight(900 * MB)})
    assert (one(told, "multi-stage").saves, one(told, "multi-stage").bound) == (told.weight.size - 5 * MB, "exactly")
    assert "the variant small does: it has 5.0 MB" in one(told, "multi-stage").how[0]
    assert "smaller base" not in kinds(told)


def test_a_smaller_variant_with_compilers_shows_another_base() -> None:
    told = replace(compiled(), siblings={"small": weight(50 * MB, name="small", surface=Surface(compilers=("/usr/bin/cc",)))})
    assert (one(told, "multi-stage").bound, one(told, "smaller base").bound) == ("at least", "exactly")


def test_what_runs_the_compiler_needs_it() -> None:
    assert kinds(on([GO], [APP], program=program(GO.path), config=Config("1", ("go", "run", ".")))) == []


@pytest.mark.parametrize("start", [program("/app/run.py", "script", interpreter=PYTHON.path), program(PYTHON.path, "dynamic")])
def test_of_a_script_only_what_it_brought_itself_is_told(start: Program) -> None:
    base = [PYTHON, file("/x/none", 1, mtime=1)]
    own = file("/usr/bin/gcc-14", 30 * MB, "deb:gcc-14", "runtime")
    told = on(base, [own], program=start, base_name="python:3.13-slim")
    assert (one(told, "multi-stage").saves, one(told, "multi-stage").bound) == (30 * MB, "at least")
    assert "multi-stage" not in kinds(on([*base, GCC], [APP], program=start, base_name="other:1"))


def test_a_shell_script_may_start_anything() -> None:
    own = file("/usr/bin/gcc-14", 30 * MB, "deb:gcc-14", "runtime")
    start = program("/entry", "script", interpreter="/usr/bin/bash")
    told = on([], [own], program=start, surface=Surface(shells=("/usr/bin/bash",)))
    assert one(told, "multi-stage").bound == "at most"


def test_a_library_that_the_program_loads_is_no_tool() -> None:
    loaded = file("/usr/lib/libasan.so", 30 * MB, "deb:libasan8", "runtime", mtime=1)
    told = on([loaded], [APP], program=program("/app/run", "dynamic", libraries=[loaded.path]))
    assert "multi-stage" not in kinds(told)


# another base


def test_a_static_program_needs_nothing_of_its_base() -> None:
    told = one(on([SYSTEM], [APP], program=program("/app/run", by_shell=True)), "smaller base")
    assert (told.saves, told.bound, told.line) == (43 * MB, "at most", 1)
    assert "FROM scratch" in told.how[0]
    assert "no shell" in told.how[1]


@pytest.mark.parametrize(
    ("owners", "image"),
    [(["libc6"], "base-debian13"), (["libc6", "libssl3t64"], "base-debian13"), (["libc6", "libstdc++6"], "cc-debian13"), (["libc6", "libpq5"], "")],
)
def test_a_dynamic_program_needs_its_libraries(owners: Sequence[str], image: str) -> None:
    libraries = [file(f"/lib/{name}.so", 1 * MB, f"deb:{name}", "os", mtime=1) for name in owners]
    told = on([SYSTEM, *libraries], [APP], program=program("/app/run", "dynamic", libraries=[row.path for row in libraries]))
    if not image:
        assert kinds(told) == []
        return
    assert image in one(told, "smaller base").how[0]
    # libc6 owns a file of BASE too, which bash (1 MB) isn't.
    assert one(told, "smaller base").saves == 41 * MB


@pytest.mark.parametrize("os", ["Alpine Linux v3.23", "Debian GNU/Linux 11 (bullseye)", ""])
def test_a_dynamic_program_of_another_system_stays_there(os: str) -> None:
    assert kinds(on([SYSTEM], [APP], program=program("/app/run", "dynamic", libraries=[LIBC]), os=os)) == []


@pytest.mark.parametrize("name", ["scratch", "gcr.io/distroless/static-debian13"])
def test_there_is_no_smaller_base_than_none(name: str) -> None:
    assert kinds(on([SYSTEM], [APP], program=program("/app/run"), base_name=name)) == []


def python(name: str, written: str, *base: FileRow, version: str = "3.13", **more: Any) -> Case:
    path = f"/usr/bin/python{version}"
    there = file(path, 7 * MB, f"deb:python{version}-minimal", "runtime", mtime=1)
    start = program(path, "dynamic", libraries=[LIBC])
    return on([there, SYSTEM, *base], [APP], f"FROM --platform=linux/amd64 {written}\n", program=start, base_name=name, **more)


@pytest.mark.parametrize(
    ("name", "written", "slim"),
    [
        ("python:3.13", "python:${V}", "python:${V}-slim"), ("python:3.13-bookworm", "python:3.13-bookworm AS x", "python:3.13-slim-bookworm"),
        ("python", "python", "python:slim"), ("node:24", "node:24", "node:24-slim"),
    ],
)  # fmt: skip
def test_a_full_language_image_has_a_slim_one(name: str, written: str, slim: str) -> None:
    told = one(python(name, written, GCC), "smaller base")
    assert (told.saves, told.bound, told.how[0]) == (60 * MB, "at least", f"Dockerfile:1: FROM {slim}")


def test_slim_python_on_distroless_where_that_has_the_same_version() -> None:
    told = one(python("python:3.13-slim", "python:3.13-slim"), "smaller base")
    assert (told.saves, told.bound) == (41 * MB, "at most")  # all but Python and the C library
    assert "gcr.io/distroless/python3-debian13" in told.how[0]
    assert kinds(python("python:3.14-slim", "python:3.14-slim", version="3.14")) == []
    assert kinds(python("gcr.io/distroless/python3-debian13", "gcr.io/distroless/python3-debian13")) == []


def node(start: Program) -> Case:
    there = file("/usr/local/bin/node", 90 * MB, "generic:node", "runtime", mtime=1)
    packages = (Package("generic", "node", "24.21.0", 90 * MB, 1, there.path),)
    return on([there, SYSTEM], [APP], "FROM node:24-slim\n", program=start, base_name="node:24-slim", packages=packages)


def test_node_on_distroless_unless_npm_starts_it() -> None:
    told = one(node(program("/usr/local/bin/node", "dynamic")), "smaller base")
    assert (told.saves, told.how[0]) == (43 * MB, "Dockerfile:1: FROM gcr.io/distroless/nodejs24-debian13")
    npm = program("/usr/local/lib/node_modules/npm/bin/npm-cli.js", "script", interpreter="/usr/local/bin/node")
    assert kinds(node(npm)) == []


def test_java_runs_without_its_compiler() -> None:
    home = "/opt/java/openjdk"
    base = [file(f"{home}/bin/java", 1 * MB, place="runtime", mtime=1), file(f"{home}/jmods/a.jmod", 80 * MB, place="runtime", mtime=1)]
    start = program(f"{home}/bin/java", "dynamic")
    told = one(on(base, [APP], "FROM eclipse-temurin:21-jdk\n", program=start, base_name="eclipse-temurin:21-jdk"), "smaller base")
    assert (told.saves, told.bound, told.how) == (80 * MB, "at least", ("Dockerfile:1: FROM eclipse-temurin:21-jre",))


def test_a_base_has_to_be_worth_the_trouble() -> None:
    little = file("/usr/share/little", WORTH_A_BASE - 4 * MB, "deb:little", "os", mtime=1)
    large = file("/app/large", 90 * MB)
    assert kinds(on([little], [APP, large], program=program("/app/run"))) == []
    assert kinds(on([little], [APP], program=program("/app/run"))) == ["smaller base"]
    assert kinds(replace(on([little], [APP, large], program=program("/app/run")), siblings={"close": weight(93 * MB)})) == []
