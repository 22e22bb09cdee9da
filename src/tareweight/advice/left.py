"""What a step of the build left in its layer: to be removed in the same step, or to be kept in a mount."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tareweight.advice.case import Advice, Bound, Case, Step, first_line, listed, places, total, under
from tareweight.advice.commands import installs
from tareweight.scale.files import FileRow

CACHES = {
    "pip cache": r"\bpip[\d.]*\b",
    "uv cache": r"\buv\b",
    "poetry cache": r"\bpoetry\b",
    "pipenv cache": r"\bpipenv\b",
    "npm cache": r"\bnpm (?:ci|install|i|add|exec|update)\b|\bnpx\b",
    "yarn cache": r"\byarn\b",
    "pnpm store": r"\bpnpm\b",
    "node-gyp cache": r"\b(?:npm|npx|yarn|pnpm)\b",
    "go build cache": r"\bgo (?:build|install|test|run|vet|generate)\b",
    "go module cache": r"\bgo (?:mod|get|build|install|test|run|vet|generate)\b",
    "cargo registry": r"\bcargo\b",
    "maven cache": r"\bmvnw?\b",
    "gradle cache": r"\bgradlew?\b",
    "composer cache": r"\bcomposer\b",
    "nuget cache": r"\b(?:dotnet|nuget)\b",
    "compiler cache": r"\b(?:ccache|make|gcc|g\+\+|cc)\b",
    "bazel cache": r"\bbazel(?:isk)?\b",
    "gem cache": r"\b(?:gem|bundle)\b",
    "build cache in node_modules": r"\b(?:npm|npx|yarn|pnpm)\b",
}
"""Kinds of caches that a step is quicker with and the app doesn't need -> what fills them."""

_APT = r"\bapt(?:-get)?\b"


class Remedy(NamedTuple):
    """`by` finds the RUN that leaves such things, `end` is what that RUN has to end with: `{paths}` are the places, `{inside}` what is in them."""

    by: str
    end: str = "rm -rf {paths}"


REMOVED = {
    "apt lists": Remedy(rf"{_APT}.*\bupdate\b", "rm -rf /var/lib/apt/lists/*"),
    "apt archives": Remedy(_APT, "apt-get clean"),
    "apk cache": Remedy(r"\bapk\b", "rm -rf /var/cache/apk/*"),
    "dnf cache": Remedy(r"\b(?:dnf|yum|microdnf)\b", "dnf clean all"),
    "old copy": Remedy(rf"{_APT}|\b(?:dpkg|adduser|useradd|groupadd|addgroup)\b", "rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /etc/*-"),
    "logs": Remedy(r"", "rm -rf {inside}"),
    "temporary files": Remedy(r"", "rm -rf {inside}"),
    "backups": Remedy(_APT, "rm -rf {inside}"),
    "index of manual pages": Remedy(_APT, "rm -rf {inside}"),
    "go telemetry": Remedy(r"\bgo\b"),
    "core dump": Remedy(r""),
    "git history": Remedy(r"\bgit clone\b"),
    "cache of tests and linters": Remedy(r"\b(?:pytest|mypy|ruff|tox|nox|test)\b"),
    "bytecode without its source": Remedy(r"\b(?:python|pip)[\d.]*\b"),
    "log or history": Remedy(r""),
}
"""Kinds that nothing needs once the step is done -> what removes them."""


def caches(case: Case) -> Iterator[Advice]:
    """Caches that a step filled, to be kept in a mount: the step is as quick as before, and they aren't in the image."""
    for kind, pattern in CACHES.items():
        found = _found(case, kind)
        steps = case.running(pattern)
        saves = sum(found.values())
        if saves < case.worth or _is_run_time(case, pattern):
            continue
        mounts = " ".join(f"--mount=type=cache,target={path}" for path in found)
        how = [f"{step.where}: RUN {mounts} ..." for step in steps[:3]] or [f"in the step that fills it: RUN {mounts} ..."]
        yield Advice("cache mount", saves, "exactly", f"the {kind} is in the image: {listed(list(found))}", tuple(how), line=first_line(steps))


def removed(case: Case) -> Iterator[Advice]:
    """What nothing needs afterwards, to be removed in the step that brought it: later it would only be hidden."""
    for kind, remedy in REMOVED.items():
        found = _found(case, kind)
        saves = sum(found.values())
        if saves < case.worth:
            continue
        steps = case.running(remedy.by)
        end = f"&& {remedy.end.format(paths=_paths(found), inside=_inside(case, found))}"
        what = f"{kind}, left in {listed(list(found))}"
        how = _lists(case, steps, end) if kind == "apt lists" else _how(steps, end)
        yield Advice("same layer", saves, _bound(case, found), what, tuple(how), line=first_line(steps))


def _found(case: Case, kind: str) -> dict[str, int]:
    """Places of this kind -> the bytes that the app's own layers left there; what was sent with the context is another matter."""
    places = [one.path for one in case.weight.scan.leftovers if one.kind == kind]
    sums = {path: total(_left(case, path)) for path in places}
    return {path: size for path, size in sums.items() if size}


def _left(case: Case, place: str) -> Iterator[FileRow]:
    copied = case.copied
    return (row for path, row in case.own.items() if row.place == "leftover" and under(path, place) and path not in copied)


def _bound(case: Case, found: Mapping[str, int]) -> Bound:
    """What the base has in the same place goes with it: out of the size, though not out of its layer."""
    of_base = any(row.place == "leftover" and path not in case.own and any(under(path, place) for place in found) for path, row in case.files.items())
    return "at least" if of_base else "exactly"


def _is_run_time(case: Case, pattern: str) -> bool:
    """Whether the app is started by the very tool, which then needs its cache: `go run`, `mvn exec`."""
    words = " ".join((*case.weight.config.entrypoint, *case.weight.config.command))
    return pattern != CACHES["npm cache"] and bool(re.search(pattern, words))


def _how(steps: Sequence[Step], end: str) -> Iterator[str]:
    if not steps:
        yield f"end the RUN that leaves it with `{end}`"
    elif len(steps) > 3:
        yield f"end each RUN that leaves some of it with `{end}`: {places(steps)}"
    for step in steps[: 3 if len(steps) <= 3 else 0]:
        yield f"{step.where}: end this RUN with `{end}`"


def _lists(case: Case, steps: Sequence[Step], end: str) -> Iterator[str]:
    """Lists are needed until the last installation is done: an update in a step of its own is joined with what comes after it."""
    for step in steps:
        if any(installs(command) for command in step.commands):
            yield f"{step.where}: end this RUN with `{end}`"
        else:
            after = [one for one in case.steps[case.steps.index(step) + 1 :] if any(installs(command) for command in one.commands)]
            yield f"{step.where}: {f'make one RUN of this and {places(after)}, and end it' if after else 'end this RUN'} with `{end}`"
    if not steps:
        yield from _how(steps, end)


def _paths(found: Mapping[str, int]) -> str:
    """All places; of many single files their folders with a pattern."""
    return " ".join(found if len(found) <= 6 else sorted({f"{path.rpartition('/')[0]}/*{path[-4:]}" for path in found}))


def _inside(case: Case, found: Mapping[str, int]) -> str:
    """What lies in the places, as patterns: the places themselves have to stay."""
    hidden = [path for path in found if any(under(one, path) and one[len(path) + 1 : len(path) + 2] == "." for one in case.own)]
    return " ".join([*(f"{path}/*" for path in found), *(f"{path}/.[!.]*" for path in hidden)])
