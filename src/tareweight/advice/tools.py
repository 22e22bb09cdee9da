"""Which bytes of an image are for building programs, and which its own program needs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tareweight.advice.case import Case
from tareweight.scale.files import FileRow
from tareweight.scale.scan import runtimes

_BUILDING = ("Go", "C and C++", "what compilers load", "headers", "build tools", "Rust")
"""Of `runtimes`, what compiles and links: nothing that it has made needs it to run."""
_PACKAGES = re.compile("|".join(rf"(?:{runtimes.PACKAGES[language]})" for language in _BUILDING))
_FOLDERS = re.compile("|".join(rf"(?:{runtimes.FOLDERS[language]})" for language in _BUILDING if language in runtimes.FOLDERS))
_JDK = re.compile(r"(?:deb|apk):openjdk-?\d+-jdk.*")
_JDK_FILES = re.compile(
    r"/(?:usr/lib/jvm|opt/java|opt/[^/]*jdk[^/]*)(?:/[^/]+)?"
    r"/(?:jmods/.*|include/.*|demo/.*|lib/(?:src\.zip|ct\.sym)|bin/(?:javac|jlink|jmod|jdeps|jshell|javadoc))"
)
_LANGUAGES = {"Python": r"python[\d.]*t?", "Node": r"node|nodejs", "Java": r"java"}


def started(case: Case) -> str:
    """What runs the app: "static" or "dynamic" for a compiled program, "tool" for a compiler, a language, "shell", or "" where it isn't known."""
    program = case.weight.scan.program
    if program is None:
        return ""
    path = program.interpreter or program.path
    surface = case.weight.scan.surface
    row = case.files.get(path)
    if path in surface.compilers or (row and is_tool(row)):
        return "tool"
    name = path.rpartition("/")[2]
    for language, form in _LANGUAGES.items():
        if re.fullmatch(form, name):
            return language
    if path in (*surface.shells, *surface.interpreters, *surface.package_managers):
        return "shell" if path in surface.shells else ""
    return "" if program.kind == "script" else program.kind


def is_tool(row: FileRow) -> bool:
    """Whether a file belongs to a compiler, or to what is built with."""
    if row.place != "runtime":
        return False
    kind, _, name = row.owner.partition(":")
    if kind in {"deb", "apk"}:
        return bool(_PACKAGES.fullmatch(name))
    return any(_FOLDERS.fullmatch(row.path[1:end]) for end in _slashes(row.path))


def is_jdk(row: FileRow) -> bool:
    """Whether a file belongs to what only a Java development kit has."""
    return bool(_JDK.fullmatch(row.owner) or _JDK_FILES.fullmatch(row.path))


def needed(case: Case) -> set[str]:
    """The packages (`<type>:<name>`) whose libraries the program loads, and its own."""
    program = case.weight.scan.program
    paths = (program.path, program.interpreter, *program.libraries) if program else ()
    return {row.owner for path in paths if (row := case.files.get(path)) and row.owner}


def by_owner(rows: Iterable[FileRow]) -> list[str]:
    """The names of the packages that the rows belong to, those with most bytes first."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.owner] = sums.get(row.owner, 0) + row.bytes
    return [owner.partition(":")[2] for owner in sorted(sums, key=lambda owner: (-sums[owner], owner)) if owner]


def _slashes(path: str) -> Iterable[int]:
    return (at for at, char in enumerate(path) if char == "/" and at)
