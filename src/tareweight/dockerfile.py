"""A Dockerfile -> its stages, the images it builds on, and where each instruction stands.

Own code rather than the dockerfile-parse package: 2.0.1 reads here-document bodies as instructions (a `FROM` in one becomes
a base) and leaves `${X:-default}` unexpanded. The grammar is BuildKit's, of which only what is needed here is read.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tareweight.errors import BadInput

_HEREDOC = re.compile(r"(?:^|\s)\d*<<(-?)([\"']?)([A-Za-z_][\w.]*)\2")
_VARIABLE = re.compile(r"\\(.)|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")
_QUOTING = re.compile(r"[\"'\\]")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(rf"(?:[A-Za-z0-9.-]+(?::\d+)?/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?", re.ASCII)
_FLAG = re.compile(r"--([\w-]+)(?:=(\S*))?\s*")
BUILD = "BUILDPLATFORM"
"""The builder's own platform, as a `Stage.platform`."""


class Instruction(NamedTuple):
    """`name` in upper case; `line` is 1-based; `text` is what follows the name, continuations joined."""

    name: str
    text: str
    line: int


class Stage(NamedTuple):
    """One FROM and what follows. `base` is an image reference, or the name of an earlier stage, or `scratch`."""

    name: str
    base: str
    line: int
    needs: tuple[str, ...]
    """What COPY --from and RUN --mount from name: stages (by name or number) or images."""
    platform: str = ""
    """What --platform says: BUILD for the builder's own, a name such as linux/arm64, or nothing for the one that is built for."""
    runs: int = 0
    """The line of its first RUN; 0 where it has none."""


class Dockerfile(NamedTuple):
    """What a Dockerfile builds on, its ARGs expanded."""

    stages: tuple[Stage, ...]
    args: tuple[str, ...]
    """Every ARG name that is declared anywhere."""

    @property
    def images(self) -> tuple[str, ...]:
        """The references of images outside that the last stage needs, directly or through other stages, in order, each once."""
        return tuple(dict.fromkeys(image for image, _ in self.needed[1]))

    @property
    def needed(self) -> tuple[list[Stage], list[tuple[str, str]]]:
        """What the last stage needs: stages, each with the platform of the stage that it stands on (BuildKit heeds no other there), and images outside.

        Each image comes with the platform that it is wanted for, as in `Stage.platform`.
        """
        stages: dict[int, Stage] = {}
        images: dict[tuple[str, str], None] = {}
        by_name = {stage.name.lower(): index for index, stage in enumerate(self.stages) if stage.name}

        def visit(index: int) -> str:
            if index in stages:
                return stages[index].platform
            stage = stages[index] = self.stages[index]
            for place, wanted in enumerate((stage.base, *stage.needs)):
                earlier = by_name.get(wanted.lower())
                if earlier is None and wanted.isdecimal() and len(wanted) < 9:
                    earlier = int(wanted)
                if earlier is not None and earlier < index:
                    platform = visit(earlier)
                    if place == 0:
                        stages[index] = stage._replace(platform=platform)
                elif wanted != "scratch":
                    images.setdefault((wanted, "" if place else stage.platform))
            return stages[index].platform

        visit(len(self.stages) - 1)
        return list(stages.values()), list(images)

    @property
    def base(self) -> str:
        """The image that the last stage stands on in the end (through stages): a reference or `scratch`."""
        by_name = {stage.name.lower(): index for index, stage in enumerate(self.stages) if stage.name}
        index = len(self.stages) - 1
        while (earlier := by_name.get(self.stages[index].base.lower(), index)) < index:
            index = earlier
        return self.stages[index].base

    def until(self, name: str) -> Dockerfile | None:
        """The same with the stage `name` as its last, as `docker build --target` builds it; None where no stage is called that."""
        for index, stage in enumerate(self.stages):
            if stage.name and stage.name.lower() == name.lower():
                return Dockerfile(self.stages[: index + 1], self.args)
        return None


def instructions(text: str) -> list[Instruction]:
    """Every instruction of a Dockerfile, comments and here-document bodies left out."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape = "\\"
    for line in lines:
        directive = re.fullmatch(r"#\s*(\w+)\s*=\s*(\S+)\s*", line)
        if not directive:
            break
        if directive[1].lower() == "escape":
            escape = directive[2]
    found: list[Instruction] = []
    number = 0
    while number < len(lines):
        start = number
        parts: list[str] = []
        more = True
        while more and number < len(lines):
            line = lines[number].strip()
            number += 1
            if line.startswith("#") or not line:
                more = bool(parts)
                continue
            more = line.endswith(escape)
            parts.append(line.removesuffix(escape).strip() if more else line)
            if len(parts) == 1:
                start = number - 1
        if not parts:
            continue
        first, *more_text = " ".join(parts).split(None, 1)
        name, rest = first.upper(), "".join(more_text)
        if name in {"RUN", "COPY", "ADD"}:
            for dash, _quote, word in _HEREDOC.findall(rest):
                bodies = (line.lstrip("\t") if dash else line for line in lines[number:])
                length = next((n for n, line in enumerate(bodies, 1) if line == word), 0)
                number += length  # a here-document without an end is BuildKit's to refuse
        found.append(Instruction(name, rest.strip(), start + 1))
    return found


def expand(text: str, values: Mapping[str, str]) -> str:
    """Put variables in as BuildKit does: `$X`, `${X}`, `${X:-default}`, `${X:+instead}`; unknown ones are empty."""

    def put(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        value = values.get(found[2] or found[3], "")
        if found[4] == "-":
            return value or expand(found[5], values)
        if found[4] == "+":
            return expand(found[5], values) if value else ""
        return value

    return _VARIABLE.sub(put, text)


def parse(file: Path, text: str, given: Mapping[str, str]) -> Dockerfile:
    """Read a Dockerfile with `given` build arguments. `BadInput` names file and line of what is not one."""
    stages: list[Stage] = []
    needs: list[str] = []
    outer: dict[str, str] = {"TARGETPLATFORM": "", "BUILDPLATFORM": ""}
    inner: dict[str, str] = {}
    declared: dict[str, None] = {}

    def close() -> None:
        if stages and needs:
            last = stages[-1]
            stages[-1] = last._replace(needs=tuple(dict.fromkeys(needs)))
        needs.clear()

    for item in instructions(text):
        if item.name == "ARG":
            for word in _words(item.text):
                name, has_default, default = word.partition("=")
                declared.setdefault(name)
                scope = inner if stages else outer
                inherited = None if has_default else outer.get(name)
                value = given.get(name, expand(default, {**outer, **inner}) if has_default else inherited)
                if value is not None:
                    scope[name] = value
        elif item.name == "FROM":
            close()
            inner = {}
            words = [word for word in item.text.split() if not word.startswith("--")]
            platform = next((word[11:] for word in item.text.split() if word.startswith("--platform=")), "")
            base = expand(words[0], outer).strip("\"'") if words else ""
            if not base:
                raise BadInput(f"{file}:{item.line}: FROM names no image", hint="Give its ARG a default before the first FROM")
            named = len(words) == 3 and words[1].lower() == "as"
            stages.append(Stage(words[2] if named else "", base, item.line, (), expand(platform, {**outer, BUILD: BUILD})))
        elif item.name in {"COPY", "RUN", "ADD"}:
            if item.name == "RUN" and stages and not stages[-1].runs:
                stages[-1] = stages[-1]._replace(runs=item.line)
            needs += [expand(source, {**outer, **inner}) for source in _sources(item)]
        elif item.name == "ENV" and stages and "=" in item.text.split(" ")[0]:
            for word in _words(item.text):
                key, _, value = word.partition("=")
                inner[key] = expand(value, inner)
    close()
    if not stages:
        raise BadInput(f"{file}: no FROM", hint="A Dockerfile begins with FROM and a base image, or FROM scratch")
    found = Dockerfile(tuple(stages), tuple(declared))
    for image in found.images:
        # Asked for along with all others, one name that no engine takes would spoil the answer for every target.
        if not _REFERENCE.fullmatch(image):
            line = next(stage.line for stage in stages if image == stage.base or image in stage.needs)
            raise BadInput(f"{file}:{line}: '{image}' can't be an image's name", hint="Is its ARG given, its stage's name right?")
    return found


def _words(text: str) -> list[str]:
    if not _QUOTING.search(text):
        return text.split()  # what shlex would find, in a fiftieth of the time
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _sources(item: Instruction) -> list[str]:
    """What the flags of COPY and RUN name as a `from`."""
    found = []
    rest = item.text
    while flag := _FLAG.match(rest):
        name, value = flag[1], flag[2] or ""
        if item.name in {"COPY", "ADD"} and name == "from":
            found.append(value)
        elif item.name == "RUN" and name == "mount":
            found += [part[5:] for part in value.split(",") if part.startswith("from=")]
        rest = rest[flag.end() :]
    return [source for source in found if source]
