"""What the image stands on, and whether it is built in what it is run in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tareweight.advice.case import Advice, Bound, Case, listed, total
from tareweight.advice.tools import by_owner, is_jdk, is_tool, needed, started
from tareweight.scale.files import FileRow
from tareweight.scale.weight import Weight

WORTH_A_BASE = 5_000_000
"""Bytes below which another base isn't worth its trouble, unless they are a fifth of the image."""

_DISTROLESS = "gcr.io/distroless"
_IN_BASE = frozenset(("libc6", "libssl3", "libssl3t64", "zlib1g", "libzstd1"))
_IN_CC = _IN_BASE | {"libgcc-s1", "libstdc++6", "libgomp1"}
"""Debian packages that the distroless images base and cc have (docs/bases.md)."""
_PYTHONS = {"12": "3.11", "13": "3.13"}
"""Debian's version -> the Python of distroless' python3."""
_DEBIAN = re.compile(r"Debian GNU/Linux (\d+)|Distroless.*?(\d+)?")
_SUITE = re.compile(r"(.+?)(-(?:bookworm|trixie|bullseye|forky))?")


def multi_stage(case: Case) -> Iterator[Advice]:
    """Compilers and headers in an image that is run, not built with. A script may need those of its base: nothing is said of them."""
    kind = started(case)
    tools = _tools(case, kind)
    saves = total(tools)
    sibling = _without_tools(case)
    if kind == "tool" or saves < case.worth:
        return
    what = f"tools to build with, which {_program(case)} doesn't need to run: {listed(by_owner(tools) or ['a toolchain'], 5)}"
    line = case.last_stage.line if case.last_stage else None
    if sibling:
        name, other = sibling
        how = (f"the variant {name} does: it has {_mb(other.size)} and passes the same checks", *_stages(case, kind, tools))
        yield Advice("multi-stage", case.weight.size - other.size, "exactly", what, how, line=line)
    else:
        bound: Bound = "at most" if kind in {"shell", ""} else "at least"
        yield Advice("multi-stage", saves, bound, what, tuple(_stages(case, kind, tools)), line=line)


def smaller_base(case: Case) -> Iterator[Advice]:
    """A system that the app doesn't need. Where another variant shows that it works without, the number is exact."""
    kind = started(case)
    worth = max(case.worth, min(WORTH_A_BASE, case.weight.size // 5))
    with_tools = kind != "tool" and total(_tools(case, kind)) >= case.worth
    sibling = case.smallest_sibling()
    line = case.last_stage.line if case.last_stage else None
    if sibling and not (with_tools and _without_tools(case)):
        name, other = sibling
        if case.weight.size - other.size >= worth:
            what = f"the variant {name} has {_mb(other.size)} and passes the same checks"
            yield Advice("smaller base", case.weight.size - other.size, "exactly", what, (f"use {name}, or do as its Dockerfile does",), line=line)
    elif not sibling and (told := _other_base(case, kind)):
        saves, bound, what, how = told
        if saves >= worth:
            yield Advice("smaller base", saves, bound, what, how, line=line)


Told = tuple[int, Bound, str, tuple[str, ...]]


def _other_base(case: Case, kind: str) -> Told | None:
    if case.base_files is None or case.base in {"", "scratch"}:
        return None
    rest = [row for path, row in case.files.items() if path not in case.own]
    if kind == "static":
        return _for_static(case, rest)
    if kind == "dynamic":
        return _for_dynamic(case, rest)
    if kind in {"Python", "Node"}:
        return _slim(case, rest) or _distroless(case, kind, rest)
    return _runtime(case, rest) if kind == "Java" else None


def _for_static(case: Case, rest: list[FileRow]) -> Told | None:
    if f"{_DISTROLESS}/static" in case.base:
        return None
    saves = total(row for row in rest if not is_tool(row))
    shell = ("write ENTRYPOINT as a list: there is no shell there",) if _through_shell(case) else ()
    how = (f"{_from(case)}FROM scratch; or, where it reads certificates, time zones or users, FROM {_DISTROLESS}/static-debian{_debian(case) or 13}", *shell)
    return saves, "at most", f"{_program(case)} is static: it loads nothing of {case.base}", how


def _for_dynamic(case: Case, rest: list[FileRow]) -> Told | None:
    image = _distroless_for(case)
    if not image or _DISTROLESS in case.base:
        return None
    keep = needed(case)
    saves = total(row for row in rest if row.owner not in keep and not is_tool(row))
    names = [owner.partition(":")[2] for owner in sorted(keep)]
    shell = ("write ENTRYPOINT as a list: there is no shell there",) if _through_shell(case) else ()
    return saves, "at most", f"of {case.base} {_program(case)} loads only {listed(names, 6)}", (f"{_from(case)}FROM {image}", *shell)


def _slim(case: Case, rest: list[FileRow]) -> Told | None:
    """The same language without what its packages are compiled with."""
    if re.search(r"slim|alpine|distroless|@", case.base) or not re.match(r"(?:docker\.io/(?:library/)?)?(?:python|node)(?::|$)", case.base):
        return None
    tools = [row for row in rest if is_tool(row)]
    what = f"{case.base} has what packages are compiled with, which the app doesn't need to run: {listed(by_owner(tools), 5)}"
    how = (f"{_from(case)}FROM {_slimmed(case)}", "what has to be compiled is compiled in a first stage on the full one, and copied")
    return total(tools), "at least", what, how


def _distroless(case: Case, kind: str, rest: list[FileRow]) -> Told | None:
    """The language without a system around it, where that has the same version of it."""
    debian = _debian(case)
    program = case.weight.scan.program
    if _DISTROLESS in case.base or debian not in _PYTHONS or not program or (program.kind == "script" and "node_modules/npm/" in program.path):
        return None
    path = program.interpreter or program.path
    version = next((one.version for one in case.weight.scan.packages if one.type == "generic" and one.path == path), "")
    if kind == "Python" and not re.search(rf"python{re.escape(_PYTHONS[debian])}$", path):
        return None
    if kind == "Node" and not version:
        return None
    image = f"{_DISTROLESS}/" + (f"python3-debian{debian}" if kind == "Python" else f"nodejs{version.partition('.')[0]}-debian{debian}")
    keep = needed(case)
    saves = total(row for row in rest if row.owner not in keep and row.place != "runtime" and not row.owner.startswith("generic:"))
    what = f"{case.base} has a whole system around {kind}: a shell, a package manager and what belongs to them"
    how = (f"{_from(case)}FROM {image}", "install the app's packages in a first stage, and COPY --from it what the app is made of")
    return saves, "at most", what, how


def _runtime(case: Case, rest: list[FileRow]) -> Told | None:
    tools = [row for row in rest if is_jdk(row)]
    if not tools or "jre" in case.base:
        return None
    name = re.sub(r"(:\d[\w.]*)(?:-jdk)?", r"\1-jre", _reference(case), count=1)
    what = f"{case.base} has Java's compiler and its libraries' sources, which the app doesn't need to run"
    return total(tools), "at least", what, (f"{_from(case)}FROM {name}",)


def _tools(case: Case, kind: str) -> list[FileRow]:
    """What a compiled program does without: all of it. What something else does: what its own layers brought."""
    keep = needed(case)
    rows = case.files.values() if kind in {"static", "dynamic"} else case.own.values()
    return [row for row in rows if is_tool(row) and row.owner not in keep]


def _without_tools(case: Case) -> tuple[str, Weight] | None:
    sibling = case.smallest_sibling()
    return sibling if sibling and not sibling[1].scan.surface.compilers else None


def _stages(case: Case, kind: str, tools: list[FileRow]) -> Iterator[str]:
    """The lines of a Dockerfile with two stages."""
    last = case.last_stage
    program = case.weight.scan.program
    found = re.search(r"\s+[Aa][Ss]\s+(\S+)$", last.text) if last else None
    name = found[1] if found else "build"
    yield f"{_from(case)}FROM {last.text if last else '...'}{'' if found else ' AS build'}"
    own = all(row.path in case.own for row in tools)
    yield f"and after all RUN: FROM {_reference(case) if own and last else _last_base(case, kind)}"
    compiled = program.path if program and kind in {"static", "dynamic"} else ""
    yield f"COPY --from={name} {compiled or '<what the app is made of>'} {compiled or '...'}, then USER, EXPOSE and ENTRYPOINT as they are"


def _last_base(case: Case, kind: str) -> str:
    if kind == "static":
        return f"scratch (or {_DISTROLESS}/static-debian{_debian(case) or 13}, for certificates and time zones)"
    names = [owner.partition(":")[2] for owner in sorted(needed(case)) if owner.startswith("deb:")]
    return _distroless_for(case) or f"a small base{f' with {listed(names, 8)}' if names else ''}"


def _distroless_for(case: Case) -> str:
    """The distroless image that has all libraries that a dynamic program loads; empty for none."""
    debian = _debian(case)
    names = {owner.partition(":")[2] for owner in needed(case) if owner.startswith("deb:")}
    program = case.weight.scan.program
    if debian not in _PYTHONS or not program or not names <= _IN_CC:
        return ""
    return f"{_DISTROLESS}/{'base' if names <= _IN_BASE else 'cc'}-debian{debian}"


def _debian(case: Case) -> str:
    found = _DEBIAN.match(case.weight.scan.os)
    return (found[1] or found[2] or "") if found else ""


def _from(case: Case) -> str:
    return f"Dockerfile:{case.last_stage.line}: " if case.last_stage else ""


def _reference(case: Case) -> str:
    """The image of the last FROM as it is written there, variables and all."""
    words = [word for word in case.last_stage.text.split() if not word.startswith("--")] if case.last_stage else []
    return words[0] if words else case.base


def _slimmed(case: Case) -> str:
    name, colon, tag = _reference(case).partition(":")
    if not colon:
        return f"{name}:slim"
    found = _SUITE.fullmatch(tag)
    return f"{name}:{found[1]}-slim{found[2] or ''}" if found else f"{name}:{tag}-slim"


def _through_shell(case: Case) -> bool:
    program = case.weight.scan.program
    return bool(program and program.shell)


def _program(case: Case) -> str:
    program = case.weight.scan.program
    return program.path if program else "the app"


def _mb(value: int) -> str:
    return f"{value / 1e6:.{0 if value >= 99_950_000 else 1}f} MB"
