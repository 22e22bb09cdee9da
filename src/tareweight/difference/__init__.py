"""Two weights -> what was dropped, added and changed, and which package or directory each byte belongs to.

Nothing here asks the engine. The change in size is told twice, and both sum to it exactly: by class; and by package, with
the files of no package beside them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from tareweight.difference import files, packages, settings
from tareweight.difference.changes import Account, ClassChange, Difference, FileChange, Group, Side
from tareweight.difference.files import candidates
from tareweight.scale.weight import CLASSES, Weight

if TYPE_CHECKING:
    from tareweight.scale.files import FileRow

__all__ = ["Difference", "between", "candidates"]


def between(
    old: Weight,
    new: Weight,
    old_files: Mapping[str, FileRow] | None = None,
    new_files: Mapping[str, FileRow] | None = None,
    changed: Collection[str] = (),
    names: tuple[str, str] | None = None,
) -> Difference:
    """How `new` differs from `old`.

    `old_files` and `new_files` are all files by path, None where they aren't known. `changed` are those of `candidates` whose
    content differs. `names` are what the images are called; their IDs otherwise.
    """
    of_packages, same = packages.packages(old.scan.packages, new.scan.packages)
    changes: tuple[FileChange, ...] | None = None
    groups: tuple[Group, ...] = ()
    if old_files is not None and new_files is not None:
        changes = files.files(old_files, new_files, changed)
        groups = files.groups(old_files, new_files, changes)
    rest = new.size - old.size - sum(one.delta for one in (*of_packages, *groups))
    if old_files is None or new_files is None or changes is None:
        account = Account(packages=sum(map(packages.replaced, of_packages)), unlisted=abs(rest))
    else:
        unlisted = (new.size - files.total(new_files)) - (old.size - files.total(old_files))
        account = files.account(changes, {f"{one.type}:{one.name}" for one in (*old.scan.packages, *new.scan.packages)}, abs(unlisted))
    was, now = _side(old, names and names[0]), _side(new, names and names[1])
    return Difference(
        old=was,
        new=now,
        classes=tuple(ClassChange(old.scan.classes[name], new.scan.classes[name], name) for name in CLASSES),
        packages=of_packages,
        same_packages=same,
        groups=groups,
        rest=rest,
        files=changes,
        settings=tuple(settings.settings(old.config, new.config)),
        surface=tuple(settings.surface(old, new)),
        account=account,
        notes=tuple(_notes(was, now, changes is not None)),
    )


def _side(weight: Weight, name: str | None) -> Side:
    return Side(
        name=name or weight.image_id,
        image_id=weight.image_id,
        platform=weight.platform,
        os=weight.scan.os,
        size=weight.size,
        files=weight.scan.files,
        executables=weight.scan.surface.executables,
        layers=len(weight.layers),
        waste=weight.waste,
        traits=weight.traits,
        complete=weight.scan.complete,
    )


def _notes(old: Side, new: Side, by_file: bool) -> Iterator[str]:
    if old.platform != new.platform:
        yield f"the images are for different platforms: {old.platform} and {new.platform}"
    for side in (old, new):
        if not side.complete:
            yield f"{side.name} couldn't be looked at in full: some of its files are counted and not listed"
    if not by_file:
        yield "the images' lists of files aren't known, so changes are told by package alone"
