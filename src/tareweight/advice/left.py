"""What a step of the build left in its layer: to be removed in the same step, or to be kept in a mount."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tareweight.advice.case import Advice, Case, Step, first_line, listed, places, total, under
from tareweight.scale.files import FileRow

CACHES = {
    "pip cache": r"\bpip[\d.]*\b",
    "uv cache": r"\buv\b",
    "poetry cache": r"\bpoetry\b",
    "pipenv cache": r"\bpipenv\b",
    "npm cache": r"\b(?:npm|npx)\b",
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
    """`by` finds the RUN that leaves such things, `end` is what that RUN has to end with; `{paths}` are the places."""

    by: str
    end: str = "rm -rf {paths}"


REMOVED = {
    "apt lists": Remedy(rf"{_APT}.*\bupdate\b", "rm -rf /var/lib/apt/lists/*"),
    "apt archives": Remedy(_APT, "apt-get clean"),
    "apk cache": Remedy(r"\bapk\b", "rm -rf /var/cache/apk/*"),
    "dnf cache": Remedy(r"\b(?:dnf|yum|microdnf)\b", "dnf clean all"),
    "old copy": Remedy(r"\b(?:apt|apt-get|dpkg|adduser|useradd|groupadd|addgroup)\b"),
    "logs": Remedy(r""),
    "temporary files": Remedy(r""),
    "backups": Remedy(_APT),
    "index of manual pages": Remedy(_APT),
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
        how = [f"{step.where}: RUN {mounts} {_short(step.text)}" for step in steps[:3]] or [f"RUN {mounts} ... in the step that fills it"]
        yield Advice("cache mount", saves, "exactly", f"the {kind} is in the image: {listed(list(found))}", tuple(how), line=first_line(steps))


def removed(case: Case) -> Iterator[Advice]:
    """What nothing needs afterwards, to be removed in the step that brought it: later it would only be hidden."""
    for kind, remedy in REMOVED.items():
        found = _found(case, kind)
        saves = sum(found.values())
        if saves < case.worth:
            continue
        steps = case.running(remedy.by)
        end = f"&& {remedy.end.format(paths=' '.join(found) if len(found) <= 6 else _folders(found))}"
        what = f"{kind}, left in {listed(list(found))}"
        yield Advice("same layer", saves, "exactly", what, tuple(_how(steps, end)), line=first_line(steps))


def _found(case: Case, kind: str) -> dict[str, int]:
    """Places of this kind -> the bytes that the app's own layers left there; what was sent with the context is another matter."""
    places = [one.path for one in case.weight.scan.leftovers if one.kind == kind]
    sums = {path: total(_left(case, path)) for path in places}
    return {path: size for path, size in sums.items() if size}


def _left(case: Case, place: str) -> Iterator[FileRow]:
    copied = case.copied
    return (row for path, row in case.own.items() if row.place == "leftover" and under(path, place) and path not in copied)


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


def _folders(found: dict[str, int]) -> str:
    """The folders of many single files, as patterns for the shell."""
    return " ".join(sorted({f"{path.rpartition('/')[0]}/*{path[-4:]}" for path in found}))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
