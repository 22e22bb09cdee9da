"""What a COPY brought from the context and the image doesn't need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tareweight.advice.case import Advice, Case, Step, listed, places
from tareweight.advice.copies import Copy

_FOLDERS = {
    ".git": "history", ".svn": "history", ".hg": "history",
    ".tare": "Tareweight's own files", ".github": "settings of CI", ".gitlab": "settings of CI", ".circleci": "settings of CI",
    ".idea": "settings of an editor", ".vscode": "settings of an editor", ".devcontainer": "settings of an editor",
    "__pycache__": "caches", ".pytest_cache": "caches", ".mypy_cache": "caches", ".ruff_cache": "caches", ".tox": "caches", ".nox": "caches",
    ".gradle": "caches", ".parcel-cache": "caches", "htmlcov": "reports", "coverage": "reports", ".nyc_output": "reports",
    "tests": "tests", "test": "tests", "__tests__": "tests", "testdata": "tests",
    "node_modules": "installed packages", ".venv": "installed packages", "venv": "installed packages",
}  # fmt: skip
"""Folders of a context -> what lies there."""
_FILES = re.compile(
    r"\.env(?!\.(?:example|sample|template|dist)$)(?:\..+)?|.+\.log|\.DS_Store|(?:.+\.)?Dockerfile|(?:docker-)?compose\.ya?ml"
    r"|\.dockerignore|.+_test\.go"
)
_TESTING = r"\b(?:pytest|unittest|go test|cargo test|ctest|(?:npm|yarn|pnpm|make|mvn|gradle)\b.*\btest)\b"
_INSTALLING = r"\b(?:npm|yarn|pnpm)\b.*\b(?:ci|install|i)\b|\byarn\b\s*(?:$|&&|;)|\bpip[\d.]*\b.*\binstall\b|\bpython\S* -m venv\b|\b(?:uv|poetry|pipenv)\b"
_TELLING = frozenset(("history", "Tareweight's own files", ".env file"))
"""What is worth a word however small it is."""


def ignore(case: Case) -> Iterator[Advice]:
    """What the context shouldn't have sent. What a later step makes anew counts as waste: it is in the image twice."""
    for of in ("size", "waste"):
        groups: dict[str, int] = {}
        kinds: dict[str, None] = {}
        steps: dict[Step, None] = {}
        for copy in case.copies:
            found = _useless(copy.source, case)
            if found and (found[1] == "installed packages") == (of == "waste"):
                groups[found[0]] = groups.get(found[0], 0) + _bytes(case, copy, of)
                kinds.setdefault(found[1])
                steps.setdefault(case.steps[copy.step])
        saves = sum(groups.values())
        if saves >= case.worth or (kinds.keys() & _TELLING and saves):
            yield _advice(case, groups, list(kinds), list(steps), of)


def bound(case: Case) -> Iterator[Advice]:
    """Files copied into /tmp for one step: a later removal would only hide them."""
    found = [copy for copy in case.copies if re.match(r"/(?:var/)?tmp/", copy.path) and copy.path in case.own]
    saves = sum(_bytes(case, copy, "size") for copy in found)
    if saves < case.worth:
        return
    mounts = " ".join(f"--mount=type=bind,source={copy.source},target={copy.path}" for copy in found[:3])
    steps = list(dict.fromkeys(case.steps[copy.step] for copy in found))
    how = f"instead of {places(steps)}: RUN {mounts} ... in the step that reads {'it' if len(found) == 1 else 'them'}"
    what = f"copied for a step of the build, and left: {listed([copy.path for copy in found])}"
    yield Advice("bind mount", saves, "exactly", what, (how,), line=steps[0].line)


def _useless(source: str, case: Case) -> tuple[str, str] | None:
    """What of the context to leave out, and what that is; None for what may be needed."""
    parts = source.split("/")
    for number, part in enumerate(parts[:-1]):
        kind = _FOLDERS.get(part, "")
        if kind == "tests" and case.running(_TESTING):
            return None
        if kind == "installed packages" and not case.running(_INSTALLING):
            return None
        if kind:
            return (f"**/{part}" if kind == "caches" else "/".join(parts[: number + 1])), kind
    name = parts[-1]
    if not _FILES.fullmatch(name) or (name.endswith("_test.go") and case.running(_TESTING)):
        return None
    if name.startswith(".env"):
        return source, ".env file"
    return ("**/*_test.go", "tests") if name.endswith("_test.go") else (source, "files of the build itself")


def _bytes(case: Case, copy: Copy, of: str) -> int:
    """What a file adds: to the size, if it is still there as it came; else to its layer."""
    if of == "waste":
        return copy.bytes
    row = case.own.get(copy.path)
    return row.bytes if row and row.bytes == copy.bytes else 0


def _advice(case: Case, groups: dict[str, int], kinds: list[str], steps: Sequence[Step], of: str) -> Advice:
    names = sorted(groups, key=lambda name: (-groups[name], name))
    how = [f"add to {case.ignore_file}: {' '.join(names[:8])}{f' (and {len(names) - 8} more)' if len(names) > 8 else ''}"]
    if "tests" in kinds:
        how.append(f"or, where another stage needs the tests, copy at {places(steps[:1])} only what the app itself needs")
    if ".env file" in kinds:
        how.append("give the container its settings when it starts: docker run --env-file .env")
    waste = of == "waste"
    why = "is made anew by a later step" if waste else f"is of no use in the image ({', '.join(kinds)})"
    what = f"sent with the context, copied at {places(steps[:2])}, and {why}: {listed(names)}"
    return Advice("dockerignore", sum(groups.values()), "exactly", what, tuple(how), "waste" if waste else "size", steps[0].line)
