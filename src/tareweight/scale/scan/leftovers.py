"""What is left behind by mistake: caches of package managers and compilers, lists, logs, temporary files, histories of sources.

A language package that lies in such a place isn't installed there, and isn't listed. Files of OS packages are never left over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from . import elf
from .findings import Finding
from .tree import Tree

PLACE = "leftover"

ROOTED = {
    "var/lib/apt/lists": "apt lists",
    "var/cache/apt": "apt archives",
    "var/cache/apk": "apk cache",
    "etc/apk/cache": "apk cache",
    "var/cache/dnf": "dnf cache",
    "var/cache/yum": "dnf cache",
    "var/cache/man": "index of manual pages",
    "tmp": "temporary files",
    "var/tmp": "temporary files",
    "var/log": "logs",
    "var/backups": "backups",
    "usr/local/cargo/registry": "cargo registry",
    "usr/local/bundle/cache": "gem cache",
}
"""Folders of the image -> what lies there."""

ANYWHERE = {
    ".git": "git history",
    ".svn": "svn history",
    ".hg": "mercurial history",
    ".cache/pip": "pip cache",
    ".cache/uv": "uv cache",
    ".cache/pypoetry": "poetry cache",
    ".cache/pipenv": "pipenv cache",
    ".npm": "npm cache",
    ".cache/yarn": "yarn cache",
    ".cache/node-gyp": "node-gyp cache",
    ".local/share/pnpm/store": "pnpm store",
    ".cache/go-build": "go build cache",
    ".config/go/telemetry": "go telemetry",
    "go/pkg/mod": "go module cache",
    "go/pkg/sumdb": "go module cache",
    ".cargo/registry": "cargo registry",
    ".cargo/git": "cargo registry",
    ".m2/repository": "maven cache",
    ".gradle/caches": "gradle cache",
    ".gradle/wrapper": "gradle cache",
    ".composer/cache": "composer cache",
    ".cache/composer": "composer cache",
    ".nuget/packages": "nuget cache",
    ".ccache": "compiler cache",
    ".cache/ccache": "compiler cache",
    ".cache/bazel": "bazel cache",
    ".pytest_cache": "cache of tests and linters",
    ".mypy_cache": "cache of tests and linters",
    ".ruff_cache": "cache of tests and linters",
    ".tox": "cache of tests and linters",
    ".nox": "cache of tests and linters",
    "node_modules/.cache": "build cache in node_modules",
}
"""Folders with these names, wherever they are -> what lies there."""

FILES = {
    r"\.env(?!\.(?:example|sample|template|dist)$)(?:\..+)?": ".env file",
    r".+~|\..+\.sw[po]|\.#.+|#.+#|\.DS_Store|.+\.(?:orig|rej)": "editor's copy",
    r"npm-debug\.log.*|yarn-error\.log|\.(?:bash|zsh|ash|python|node_repl|mysql|psql)_history|\.wget-hsts|\.lesshst": "log or history",
}
"""Names of files -> what they are."""

PERSONAL = frozenset(("git history", "temporary files", "logs", "backups", *FILES.values()))
"""Kinds that may hold what somebody wrote; the others are what programs fetched or made."""

_OLD_NAME = re.compile(r"-(?:old)?\Z")
_OLD = re.compile(r"(?:var/lib/dpkg|var/cache/debconf)/[\w.-]+-old|etc/[\w.]+-")
_CORE = re.compile(r"core(?:\.\d+)?")
_CORE_KIND = 4
_NAMED = re.compile("|".join(f"({form})" for form in FILES))
_KINDS = tuple(FILES.values())
_TAILS: dict[str, list[tuple[str, str]]] = {}
for _place, _kind in ANYWHERE.items():
    _TAILS.setdefault(_place.rpartition("/")[2], []).append((f"/{_place}", _kind))


def folder_kind(path: str) -> str:
    """What a folder is for, if it is a place of things left behind; empty for others."""
    for tail, kind in _TAILS.get(path.rpartition("/")[2], ()):
        if f"/{path}".endswith(tail):
            return kind
    return ROOTED.get(path, "")


def mark(tree: Tree, kinds: Mapping[str, tuple[str, str]], programs: Collection[str]) -> dict[str, tuple[str, str]]:
    """Give the files left behind their `place`, all but the app's own `programs`: before any package claims them.

    `kinds` are the folders that are places of things left behind: kind and topmost folder. So is the answer, for each file.
    """
    found: dict[str, tuple[str, str]] = {}
    for path, file in tree.files.items():
        if file.folder in kinds:
            found[path] = kinds[file.folder]
    for name, paths in tree.names.items():
        for path in paths:
            if path not in found and (kind := _file_kind(tree, path, name)):
                found[path] = kind, path
    for path in programs:
        found.pop(path, None)
    for path in found:
        tree.files[path].place = PLACE
    return found


def findings(tree: Tree, marked: Mapping[str, tuple[str, str]]) -> list[Finding]:
    """What was left behind and no OS package owns: one line for each folder or single file, those with most bytes first."""
    sums: dict[tuple[str, str], int] = {}
    for path, what in marked.items():
        file = tree.files[path]
        if file.place == PLACE:
            sums[what] = sums.get(what, 0) + file.bytes
    found = [Finding(kind, path, size) for (kind, path), size in sums.items() if size]
    return sorted(found, key=lambda one: (-one.bytes, one.path))


def _file_kind(tree: Tree, path: str, name: str) -> str:
    """What a single file is that nobody meant to keep; empty for others."""
    if name.endswith(".pyc"):
        folder, cache, module = path.rpartition("__pycache__/")
        source = f"{folder}{module.partition('.')[0]}.py"
        return "bytecode without its source" if cache and source not in tree.files and source not in tree.links else ""
    if _OLD_NAME.search(name) and _OLD.fullmatch(path):
        return "old copy"
    found = _NAMED.fullmatch(name)
    if found and found.lastindex:
        return _KINDS[found.lastindex - 1]
    return "core dump" if name.startswith("core") and _CORE.fullmatch(name) and _is_core(tree, path) else ""


def _is_core(tree: Tree, path: str) -> bool:
    head = tree.read(path, 18)
    return head[:4] == elf.MAGIC and int.from_bytes(head[16:18], "little" if head[5:6] == b"\1" else "big") == _CORE_KIND
