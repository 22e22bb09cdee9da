"""Running other programs: always an argv list, never a shell string."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tareweight.errors import TareError

STDERR_END = 2_000
"""How many characters of a failed command's stderr its error keeps."""


@dataclass(frozen=True)
class Completed:
    """A command that ran to its end."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str


class CommandFailed(TareError):
    """A command ended with another status than 0, could not be started (127) or ran out of time (124)."""

    def __init__(self, argv: Sequence[str], code: int, stderr: str) -> None:
        self.argv = tuple(argv)
        self.code = code
        self.stderr_end = stderr[-STDERR_END:].strip()
        last = self.stderr_end.splitlines()[-1] if self.stderr_end else "it said nothing"
        super().__init__(f"`{' '.join(self.argv[:4])}{' ...' if len(self.argv) > 4 else ''}` ended with {code}: {last}")


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
    check: bool = True,
) -> Completed:
    """Run `argv` and wait for it. `env` is added to this process's own; `timeout` is in seconds.

    With `check` a status other than 0 raises `CommandFailed`. A missing program (127), one that can't be run (126) or a time-out (124) raises it always.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise CommandFailed(argv, 127, f"{argv[0]}: not found") from error
    except OSError as error:
        raise CommandFailed(argv, 126, f"{argv[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(argv, 124, f"no answer within {timeout:g} s") from error
    if check and done.returncode != 0:
        raise CommandFailed(argv, done.returncode, done.stderr or done.stdout)
    return Completed(tuple(argv), done.returncode, done.stdout, done.stderr)


def stream(argv: Sequence[str]) -> int:
    """Run `argv` with this process's own input and output, and return its status."""
    return subprocess.run(list(argv), check=False).returncode
