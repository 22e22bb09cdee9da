"""Running commands against the clock, turn by turn, so that what else the machine does falls on each of them alike."""

from __future__ import annotations

import os
import subprocess
import tempfile
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

    def cost(self) -> Cost:
        """Run it once and say what that took."""
        costs = [_once(argv, self) for argv in self.argvs]
        return Cost(sum(cost.seconds for cost in costs), max(cost.peak for cost in costs))


@dataclass(frozen=True)
class Cost:
    """What a command took: its seconds, and the bytes of memory that the largest of its processes had at most."""

    seconds: float
    peak: int


def _once(argv: Sequence[str], command: Command) -> Cost:
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            argv, cwd=command.cwd, stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL, stdout=said, stderr=said, env={**os.environ, **ENVIRONMENT}
        )
        if process.stdin:
            process.stdin.write(command.stdin.encode())
            process.stdin.close()
        # Unlike subprocess, wait4 tells what the process and all that it waited for have used.
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in command.codes:
            said.seek(0)
            end = said.read()[-_END:].decode(errors="replace")
            raise Failed(f"{command.name}: `{' '.join(argv[:4])}` ended with {process.returncode}:\n{end}")
        return Cost(seconds, used.ru_maxrss * 1024)


def in_turns(commands: Sequence[Command], rounds: int) -> dict[str, list[float]]:
    """Seconds of each command by name, `rounds` times; every other round goes backwards, so that none always comes first."""
    return {name: [cost.seconds for cost in costs] for name, costs in costs_in_turns(commands, rounds).items()}


def costs_in_turns(commands: Sequence[Command], rounds: int) -> dict[str, list[Cost]]:
    """As `in_turns`, with the memory too."""
    found: dict[str, list[Cost]] = {command.name: [] for command in commands}
    for number in range(rounds):
        for command in commands if number % 2 == 0 else reversed(commands):
            cost = command.cost()
            found[command.name].append(cost)
            print(f"  {command.name:<44} {cost.seconds:8.3f} s  {cost.peak / 1e6:6.0f} MB", flush=True)
    return found


def middle(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each."""
    return {name: median(values) for name, values in seconds.items()}
