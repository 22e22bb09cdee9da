"""Which file belongs to which package: the first that claims it has it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from .tree import Found, Tree

MOST_PACKAGES = 50_000
OS_TYPES = frozenset(("deb", "apk"))
Reader = Callable[[Tree], Iterator[Found]]


def claim(tree: Tree, readers: Iterable[Reader], left: Container[str]) -> list[Found]:
    """Run `readers` in order and give each package its files, as `File.owner`: its number in the answer.

    Whatever a reader stumbles over in a hostile image is noted, and ends that reader alone. A language package that lies in one
    of the folders `left` (caches) isn't installed; what an OS package owns isn't left behind.
    """
    packages: list[Found] = []
    for read in readers:
        try:
            for found in read(tree):
                if len(packages) >= MOST_PACKAGES:
                    tree.cut(f"more than {MOST_PACKAGES} packages: the rest isn't listed")
                    return packages
                if _is_installed(tree, found, left):
                    _give(tree, found, len(packages))
                    packages.append(found)
        except Exception as error:
            tree.cut(f"{read.__module__.rpartition('.')[2]} packages: {type(error).__name__}: {error}")
    return packages


def _is_installed(tree: Tree, found: Found, left: Container[str]) -> bool:
    """Whether a package lies where it is used. One without a path of its own lies where its files do."""
    if found.type in OS_TYPES:
        return True
    paths = [found.path.lstrip("/")] if found.path else found.owns
    return not paths or any(not tree.files[path].place if path in tree.files else path not in left for path in paths)


def _give(tree: Tree, found: Found, number: int) -> None:
    files = tree.files
    for path in found.owns:
        key = path if path in files else tree.locate(path)
        if not key:
            continue
        file = files[key]
        if file.owner >= 0 or (file.place and found.type not in OS_TYPES):
            continue
        file.owner = number
        file.place = ""
        if not file.first and files[tree.twins[key][0]].owner < 0:
            # A hard link whose other name is nobody's, as in a package manager's store: the package has the bytes.
            tree.count_at(key)
