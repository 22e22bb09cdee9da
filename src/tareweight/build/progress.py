"""BuildKit's own progress stream (`--progress=rawjson`) -> events, and the story of a failure."""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from tareweight.errors import clean

LOG_END = 12
"""How many lines of a failed step's output its error keeps."""
_PLACE = re.compile(r"^\S*Dockerfile:(\d+)$")


@dataclass(frozen=True)
class Event:
    """What a live view is told. `kind`: start, end or cached of a step; begin, done or failed of a target; note. `seconds` of an end."""

    target: str
    kind: str
    text: str
    seconds: float | None = None


@dataclass(frozen=True)
class Failure:
    """Why a build failed: the step, its line in the Dockerfile, BuildKit's words, the end of the step's output."""

    step: str
    line: int | None
    error: str
    output: tuple[str, ...]


@dataclass
class _Step:
    name: str
    told: bool = False
    ended: bool = False
    error: str = ""
    output: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_END))


class Progress:
    """Follows one build. Feed it stderr line by line; it yields events and keeps what a failure needs."""

    def __init__(self, target: str) -> None:
        self.target = target
        self._steps: dict[str, _Step] = {}
        self._buffer = ""
        self._plain: list[str] = []

    def feed(self, line: str, log: IO[str]) -> Iterator[Event]:
        """Events of one more line; the readable form of it goes to `log`. Objects may span lines (buildx 0.13), with plain text between them."""
        if not self._buffer and not line.lstrip().startswith("{"):
            if line.strip():
                self._plain.append(clean(line.rstrip("\n")))
                log.write(line)
            return
        self._buffer += line
        if not line.rstrip().endswith("}"):
            return
        try:
            status = json.loads(self._buffer)
        except ValueError:
            return
        self._buffer = ""
        yield from self._status(status, log)

    def _status(self, status: dict[str, Any], log: IO[str]) -> Iterator[Event]:
        for vertex in status.get("vertexes") or ():
            step = self._steps.setdefault(vertex["digest"], _Step(clean(vertex.get("name", ""))))
            step.error = vertex.get("error") or step.error
            if step.name.startswith("[internal]") or step.name.startswith("[context"):
                continue
            if vertex.get("cached") and not step.told:
                step.told = step.ended = True
                yield Event(self.target, "cached", step.name)
            if vertex.get("started") and not step.told:
                step.told = True
                yield Event(self.target, "start", step.name)
            if vertex.get("completed") and vertex.get("started") and not step.ended and not step.error:
                step.ended = True
                yield Event(self.target, "end", step.name, _seconds(vertex["started"], vertex["completed"]))
        for piece in status.get("logs") or ():
            known = self._steps.get(piece.get("vertex", ""))
            if known:
                text = base64.b64decode(piece.get("data") or "").decode(errors="replace")
                log.write(f"{known.name}: {text.rstrip()}\n")
                known.output.extend(clean(part) for part in text.splitlines() if part.strip())

    def failure(self) -> Failure:
        """The root failure: a step that was only cancelled because another failed is passed over."""
        failed = [step for step in self._steps.values() if step.error and "context canceled" not in step.error]
        step = failed[0] if failed else _Step("")
        line = next((int(found[1]) for text in self._plain if (found := _PLACE.match(text))), None)
        told = [text for text in self._plain if text.startswith("ERROR:")]
        error = step.error or (told[-1] if told else (self._plain[-1] if self._plain else "buildx said nothing"))
        error = clean(error).removeprefix("ERROR: ").removeprefix("failed to solve: ")
        return Failure(step.name, line, " ".join(error.split()), tuple(step.output))


def _seconds(started: str, completed: str) -> float:
    def moment(text: str) -> float:
        whole, _, fraction = text.rstrip("Z").partition(".")
        return datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{fraction or 0}")

    return max(0.0, moment(completed) - moment(started))
