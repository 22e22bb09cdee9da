"""Running commands against the clock, turn by turn, so that what else the machine does falls on each of them alike."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

# Tareweight builds without attestations; its peers must do the same work.
ENVIRONMENT = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "DOCKER_CLI_HINTS": "false"}
_END = 2_000


class Failed(Exception):
    """A command of a benchmark ended with a status that it must not have."""


@dataclass(frozen=True)
class Command:
    """What is timed: one argv, or several one after another. `codes` are the statuses that count as success."""

    name: str
    argvs: tuple[tuple[str, ...], ...]
    cwd: Path
    stdin: str = ""
    codes: tuple[int, ...] = (0,)

    def seconds(self) -> float:
        """Run it once and say how long that took."""
        return sum(_once(argv, self) for argv in self.argvs)


def _once(argv: Sequence[str], command: Command) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        argv, cwd=command.cwd, input=command.stdin, capture_output=True, text=True, errors="replace", env={**os.environ, **ENVIRONMENT}, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode not in command.codes:
        raise Failed(f"{command.name}: `{' '.join(argv[:4])}` ended with {done.returncode}:\n{(done.stdout + done.stderr)[-_END:]}")
    return seconds


def in_turns(commands: Sequence[Command], rounds: int) -> dict[str, list[float]]:
    """Seconds of each command by name, `rounds` times; every other round goes backwards, so that none always comes first."""
    found: dict[str, list[float]] = {command.name: [] for command in commands}
    for number in range(rounds):
        for command in commands if number % 2 == 0 else reversed(commands):
            seconds = command.seconds()
            found[command.name].append(seconds)
            print(f"  {command.name:<32} {seconds:8.3f} s", flush=True)
    return found


def middle(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each."""
    return {name: median(values) for name, values in seconds.items()}
