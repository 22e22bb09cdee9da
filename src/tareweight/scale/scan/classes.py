"""Which class each byte is in. The first line of this table that fits decides:

| file | class |
|---|---|
| named by entrypoint or command, unless of an OS package, an interpreter, a Python or Node package | app |
| in a place of things left behind, or one by its name, unless an OS package owns it | leftover |
| in a place of documentation or locales | docs |
| of an OS package that is a language runtime or toolchain by its name | runtime |
| of another OS package | os |
| a copied interpreter (a copied busybox is os); or in a runtime's tree, unless of a Python, Node or Java package | runtime |
| a Go program in one of the app's folders | app |
| of any other language package | packages |
| in one of the app's folders (where the Dockerfile copies to, and its working directory) | app |
| in /etc, or what package managers and their scripts keep and make elsewhere: databases, caches of the linker, homes' dot files | os |
| anything else | unowned |
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import leftovers, runtimes
from .claims import OS_TYPES
from .tree import Found, Tree

NAMES = ("os", "runtime", "packages", "app", "docs", "leftover", "unowned")

PROGRAM_TYPES = frozenset(("golang", "maven"))
"""Types of packages that an app's own program may be."""

_SHARED = "doc|doc-base|man|info|locale|i18n|gtk-doc|help|lintian|common-licenses|bug|reportbug|linda|omf|licenses"
_DOCS = re.compile(
    rf"(?:usr|usr/local|opt/[^/]+)/share/(?:{_SHARED})|usr/(?:local/)?(?:man|info|doc)|usr/lib/locale"
    r"|usr/lib/jvm/[^/]+/(?:man|legal|docs)|opt/java/[^/]+/(?:man|legal|docs)|usr/local/go/(?:doc|api)"
)
_KEPT = re.compile(r"etc|var/lib/(?:dpkg|apt|apk|pam|ucf|rpm|systemd)|lib/apk|usr/lib/apk|usr/lib/sysimage|var/cache/(?:debconf|ldconfig|fontconfig)")
_KEPT_FILES = re.compile(r"(?:root|home/[^/]+)/\.(?:bashrc|profile|bash_logout|cshrc)|usr/lib/os-release|var/lib/shells\.state|\.dockerenv")


class Hints(NamedTuple):
    """What the image's configuration and Dockerfile say of the app, as paths of the tree; `own` are folders or files that it was copied to."""

    programs: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    workdir: str = ""


class Grounds(NamedTuple):
    """What folders say of the files in them: a class, or the kind of a place of things left behind and its topmost folder."""

    places: dict[str, str]
    left: dict[str, tuple[str, str]]


SEARCH = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")


def hints(tree: Tree, told: Mapping[str, object]) -> Hints:
    """What `told` (workdir, entrypoint, copies) means in the tree. What isn't there, or isn't text, is passed over."""
    workdir = _path(tree, told.get("workdir"))
    own = {workdir, *(_path(tree, one) for one in _list(told.get("copies")))} - {""}
    programs: set[str] = set()
    for word in _list(told.get("entrypoint")):
        bases = ("",) if word.startswith("/") else (workdir, *SEARCH) if "/" not in word else (workdir,)
        programs.update(tree.resolve(f"{base}/{word}") for base in bases)
    return Hints(frozenset(programs & tree.files.keys()), frozenset(own), workdir)


def _path(tree: Tree, value: object) -> str:
    return tree.resolve(value) if isinstance(value, str) else ""


def _list(value: object) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def grounds(tree: Tree, app: Hints) -> Grounds:
    """What each folder says. It says what the one above it says unless it knows better."""
    found = Grounds({}, {})
    for path in tree.folders:
        above = path.rpartition("/")[0]
        # An app that works in a folder below /tmp isn't left behind there.
        if above in found.left and path != app.workdir:
            found.left[path] = found.left[above]
        elif kind := leftovers.folder_kind(path):
            found.left[path] = kind, path
        elif place := _place(path, found.places.get(above, ""), app.own):
            found.places[path] = place
    return found


def _place(path: str, above: str, own: frozenset[str]) -> str:
    if _DOCS.fullmatch(path):
        return "docs"
    if runtimes.is_folder(path):
        return "runtime"
    if above == "runtime" and path.endswith(runtimes.INSTALLED):
        return ""
    if path in own:
        return "app"
    return "os" if _KEPT.fullmatch(path) else above


def classify(tree: Tree, packages: Sequence[Found], ground: Grounds, app: Hints) -> None:
    """Give every file its `place`. Those left behind have it already (leftovers.mark)."""
    types = [package.type for package in packages]
    places = [_package_class(package) for package in packages]
    for path, file in tree.files.items():
        if not file.place:
            owner = file.owner
            here = ground.places.get(file.folder, "")
            if owner < 0:
                file.place = _unowned(path, here, app)
            elif types[owner] in PROGRAM_TYPES and path in app.programs:
                file.place = "app"
            elif here == "docs":
                file.place = "docs"
            elif types[owner] == "golang" and (here in {"app", "runtime"} or path in app.own):
                file.place = "runtime" if here == "runtime" else "app"
            else:
                file.place = places[owner]


def _unowned(path: str, here: str, app: Hints) -> str:
    if path in app.programs:
        return "app"
    if here in {"docs", "runtime"}:
        return here
    if here == "app" or path in app.own:
        return "app"
    return "os" if here == "os" or _KEPT_FILES.fullmatch(path) else "unowned"


def _package_class(package: Found) -> str:
    if package.type in OS_TYPES:
        return "runtime" if runtimes.is_package(package.name) else "os"
    if package.type == "generic":
        return "os" if package.name == "busybox" else "runtime"
    return "packages"
