"""What there is for an attacker to use: programs by their names, and files with rights that are too wide.

busybox counts as a shell whatever its other names are, for `busybox sh` is one. openssl and git count as network clients, for they
fetch and send. awk doesn't count as an interpreter, nor make as a compiler.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .tree import Tree

KINDS = {
    "shells": r"sh|[bd]?ash|busybox(?:[.-]static)?|toybox|rbash|zsh|ksh(?:93)?|mksh|lksh|t?csh|fish|hush|yash|pwsh",
    "package_managers": r"apt(?:-get)?|aptitude|dpkg|apk|(?:micro)?dnf|yum|rpm|zypper|pacman|snap|opkg|nix-env|brew|pip[\d.]*|pipx|uv|poetry|conda|mamba"
    r"|npm|npx|yarn(?:pkg)?|pnpm|corepack|gem|bundler?|cargo|composer|cpan|luarocks",
    "compilers": r"(?:\w+-(?:\w+-)?(?:gnu|musl)\w*-)?(?:gcc|g\+\+|cc|c\+\+|cpp|gfortran|clang|clang\+\+|ld|ld\.(?:bfd|gold|lld|mold)|gold|as)(?:-[\d.]+)?"
    r"|tcc|go|rustc|javac|ghc|ocamlopt|nasm|dmd|swiftc|zig",
    "interpreters": r"python[\d.]*t?|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|deno|bun|php[\d.]*|lua(?:jit)?[\d.]*|tclsh[\d.]*|guile(?:-[\d.]+)?"
    r"|java|jshell|Rscript|erl|elixir|dotnet|mono",
    "network_clients": r"curl|wget2?|nc(?:\.\w+)?|ncat|netcat|socat|ssh|scp|sftp|rsync|telnet|t?ftp|lftp|aria2c|openssl|nmap|dig|nslookup|host|git|svn|hg"
    r"|lynx|w3m|smbclient|ldapsearch|psql|mysql|mariadb|redis-cli|mongosh|kubectl|docker|ssl_client",
}
"""Kind -> the names of its programs."""
_ASIDE = re.compile(r"(?:^|/)(?:node_modules|site-packages|dist-packages|share)/|^etc/")
"""Folders that nobody runs programs from by name; what is meant to be run has a link in a bin folder."""
MOST = 200
"""Paths that a list has at most."""

_NAMES = re.compile("|".join(f"({form})" for form in KINDS.values()))
_KINDS = tuple(KINDS)


class Surface(NamedTuple):
    """Lists of paths of the tree by kind, and the number of files that may be executed."""

    lists: dict[str, list[str]]
    executables: int


def look(tree: Tree) -> Surface:
    """What is in the tree. A link to a program counts by its own name, unless what it leads to is in the same list anyway."""
    lists: dict[str, list[str]] = {kind: [] for kind in (*KINDS, "setuid", "world_writable")}
    executables = 0
    for path, file in tree.files.items():
        mode = file.mode
        if mode & 0o111:
            executables += 1
            kind = _kind(path)
            if kind and (file.first or _is_applet(tree, path, kind)):
                lists[kind].append(path)
        if mode & 0o6000:
            lists["setuid"].append(path)
        if mode & 0o002:
            lists["world_writable"].append(path)
    for path in tree.links:
        if kind := _kind(path):
            real = tree.resolve(path)
            if real in tree.files and tree.files[real].mode & 0o111 and _kind(real) != kind:
                lists[kind].append(path)
    lists["world_writable"] += [path for path, mode in tree.folders.items() if mode & 0o1002 == 0o002]
    return Surface({kind: _bounded(tree, kind, paths) for kind, paths in lists.items()}, executables)


def _kind(path: str) -> str:
    found = _NAMES.fullmatch(path.rpartition("/")[2])
    return _KINDS[found.lastindex - 1] if found and found.lastindex and not _ASIDE.search(path) else ""


def _is_applet(tree: Tree, path: str, kind: str) -> bool:
    """Whether this further name of a hard-linked program is a program of its own, as each name of busybox is."""
    names = tree.twins[path]
    return _kind(names[0]) != kind or any(name.rpartition("/")[2] in {"busybox", "toybox"} for name in names)


def _bounded(tree: Tree, kind: str, paths: list[str]) -> list[str]:
    if len(paths) > MOST:
        tree.note(f"{kind.replace('_', ' ')}: {len(paths)} of them, {MOST} are listed")
    return sorted(paths)[:MOST]
