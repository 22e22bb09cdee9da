"""What a later layer overwrote or deleted: it is stored and pulled all the same."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from tareweight.advice.case import Advice, Bound, Case, Step, first_line, places, total, under
from tareweight.advice.commands import Command
from tareweight.scale.instructions import words

_BLOCK = 4096
_REMOVES = re.compile(
    r"(?:apt|apt-get)\b.* (?:clean|remove|purge|autoremove|autoclean)\b|apk del|(?:dnf|yum) (?:remove|clean)|npm (?:prune|uninstall|cache)"
    r"|pip[\d.]* (?:uninstall|cache)|go clean|find .*-delete"
)
_REPLACES = frozenset(("rm", "mv", "rmdir", "unlink", "strip", "sed", "truncate", "gzip", "xz"))
_MARKS = frozenset(("chown", "chmod", "chgrp"))
_HARMLESS = _MARKS | {"mkdir", "useradd", "groupadd", "adduser", "addgroup", "set", "true", "echo", "install", "usermod"}
"""Commands that bring no bytes worth a word."""
_PATTERN = re.compile(r"[*?\[$]")
_OCTAL = re.compile(r"[0-7]{3,4}")


class Marking(NamedTuple):
    """A step that changes modes or owners of files that an earlier step of the app copied, and so has each of them once more."""

    step: Step
    command: Command
    copy: Step
    bytes: int
    bound: Bound


def ownership(case: Case) -> Iterator[Advice]:
    """Files that were copied, and copied into another layer by chmod or chown."""
    for marking in _markings(case):
        if marking.bytes >= case.worth:
            step, command, copy = marking.step, marking.command, marking.copy
            flag = f"--chmod={command.operands[0]}" if command.name == "chmod" else f"--chown={command.operands[0]}"
            how = [f"{copy.where}: COPY {flag} {copy.text[:60]}", f"{step.where}: leave out {command.name}"]
            if command.name == "chmod" and not _OCTAL.fullmatch(command.operands[0]):
                how[0] = f"{copy.where}: COPY --chmod=755 {copy.text[:60]} (or what the files are to have; 644 for what nobody runs)"
            what = f"{command.name} at {step.where} puts each file that {copy.where} brought into a second layer"
            yield Advice("copied with its owner", marking.bytes, marking.bound, what, tuple(how), "waste", copy.line)


def later(case: Case) -> Iterator[Advice]:
    """What the app's own layers brought and later ones of them hid, but for what `ownership` tells."""
    known = sum(marking.bytes for marking in _markings(case))
    saves = hidden(case) - known - _copied_anew(case)
    removing = [(step, command) for step in case.steps[1:] if (command := _removal(step)) and not _of_base(case, step, command)]
    if saves < case.worth or not removing:
        return
    how = [_instead(case, step, command) for step, command in removing[:3]]
    what = "earlier layers hold what later ones removed or overwrote; it is stored and pulled all the same"
    yield Advice("same layer", saves, "at most", what, tuple(how), "waste", first_line([step for step, _ in removing]))


def _of_base(case: Case, step: Step, command: Command) -> bool:
    """Whether what a command removes came with the base: no step of the app brought it."""
    paths = [path for path in _paths(command) if path.startswith("/")]
    there = any(under(file, path) for path in paths for file in case.base_files or ())
    return there and not _using(case, step, command)


def _instead(case: Case, step: Step, command: Command) -> str:
    """What to do in place of a removal."""
    removal = f"`{command.line[:60]}`"
    using = _using(case, step, command)
    if not using:
        return f"{step.where}: do {removal} in the RUN that brings it"
    if using[0].name == "RUN":
        return f"make one RUN of {places(using)} and {step.where}, with {removal} at its end"
    source = words(f"COPY {using[0].text}")[0]
    mount = f"--mount=type=bind,source={source},target={_landing(using[0])}"
    return f"{using[0].where}: leave it out, and mount the file in the RUN that reads it: RUN {mount} ..."


def hidden(case: Case) -> int:
    """The bytes that the app's own layers brought and that its later layers overwrote or deleted; 0 where the base isn't known.

    Where layers are counted in disk blocks, directories are taken off as often as they can be there. What the last layer brought can't
    be hidden: a file that a step made anew as the base has it, to the second, is neither in its layer's files nor hidden.
    """
    if case.base_files is None or case.base_layers is None:
        return 0
    brought = sum(step.bytes for step in case.steps)
    if case.weight.store == "containerd":
        folders = {path.rpartition("/")[0] for path in case.own}
        left = sum(-(-row.bytes // _BLOCK) * _BLOCK for row in case.own.values()) + _BLOCK * len(folders) * len(case.steps)
    else:
        left = total(case.own.values()) + sum(len(row.target.encode()) for row in case.own.values() if row.kind == "l")
    return max(0, min(brought - left, sum(step.bytes for step in case.steps[:-1])))


def _markings(case: Case) -> Iterator[Marking]:
    left = hidden(case)
    for number, step in enumerate(case.steps):
        for command in step.commands:
            if command.name not in _MARKS or len(command.operands) < 2:
                continue
            paths = [posixpath.join(case.weight.config.workdir or "/", path).rstrip("/") or "/" for path in command.operands[1:]]
            copies = [one for one in case.steps[:number] if one.name in {"COPY", "ADD"} and _target(case, one, paths)]
            rows = [row for row in case.own.values() if row.kind == "f" and any(under(row.path, path) for path in paths)]
            size = min(left, step.bytes, total(rows))
            if copies and size:
                sure = all(one.name in _HARMLESS for one in step.commands) and len(copies) == 1 and size == total(rows)
                left -= size
                yield Marking(step, command, copies[-1], size, "exactly" if sure else "at most")


def _target(case: Case, step: Step, paths: list[str]) -> bool:
    """Whether what a COPY brought lies below one of `paths`, or one of them below where it brought it."""
    target = posixpath.normpath(posixpath.join(case.weight.config.workdir or "/", [".", *words(f"{step.name} {step.text}")][-1]))
    return any(under(target, path) or under(path, target) for path in paths)


def _copied_anew(case: Case) -> int:
    """What was copied from the context and overwritten by what a step made (copied.py tells of it)."""
    return sum(copy.bytes for copy in case.copies if (row := case.own.get(copy.path)) is None or row.bytes != copy.bytes)


def _removal(step: Step) -> Command | None:
    """The command of a step that removes or replaces what an earlier step brought, if there is one. What it brought itself doesn't count."""
    before = ""
    for command in step.commands:
        if _removes(command) and not any(_brings(before, path) for path in _paths(command)):
            return command
        before += f" {command.line}"
    return None


def _removes(command: Command) -> bool:
    in_place = command.name != "sed" or any(option.startswith(("-i", "--in-place")) for option in command.options)
    return bool((command.name in _REPLACES and in_place) or _REMOVES.match(command.line))


def _paths(command: Command) -> list[str]:
    """What a command removes: paths (of a pattern the folder), or the name of a package manager that knows them."""
    if _REMOVES.match(command.line):
        return [command.name]
    plain = [path[: found.start()].rpartition("/")[0] if (found := _PATTERN.search(path)) else path.rstrip("/") for path in command.operands]
    return [path for path in plain if len(path) > 1]


def _brings(text: str, path: str) -> bool:
    """Whether a line of commands names a path, or has the package manager fill it."""
    lists = "/var/lib/apt/lists" in path and re.search(r"\bapt(?:-get)?\b.*\bupdate\b", text)
    return bool(lists or re.search(rf"(?<![\w-]){re.escape(path)}(?![\w-])", text))


def _using(case: Case, remover: Step, command: Command) -> list[Step]:
    """The earlier steps that name what a command removes: the first of them brings it."""
    paths = _paths(command)
    earlier = case.steps[: case.steps.index(remover)]
    return [step for step in earlier if any(_brings(step.text, path) or _copies(step, path) for path in paths)]


def _copies(step: Step, path: str) -> bool:
    return step.name in {"COPY", "ADD"} and bool(place := _landing(step)) and under(path, place)


def _landing(step: Step) -> str:
    """Where a COPY of one file or folder puts it; empty where that can't be told."""
    told = words(f"{step.name} {step.text}")
    if len(told) < 2:
        return ""
    return posixpath.join(told[-1], posixpath.basename(told[0].rstrip("/"))) if told[-1].endswith("/") else told[-1]
