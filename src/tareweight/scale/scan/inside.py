"""How programs of this folder are run in a build: `python3 -m scan.inside JOBS OUT`, several at once, each in a process of its own.

JOBS is a JSON list of `{"name", "program", "arguments"}`: a module here whose `main(arguments)` is called. `{out}` in an
argument is the folder OUT/<name>. One that fails leaves one line in OUT/<name>/error: an image that can't be scanned must
not end the build in which the others are.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from typing import Any

MEMORY = 3 << 30
"""Bytes of address space that a hostile image can make a program take at most."""
OUTPUT = 256 << 20
"""Bytes of one file that it can make a program write at most."""


def main() -> None:
    """Run the jobs in their order, as many at once as there are processors."""
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        importlib.import_module(job["program"])  # here once, rather than in each process
    most = len(os.sched_getaffinity(0))
    running: dict[int, str] = {}
    for job in jobs:
        folder = os.path.join(sys.argv[2], job["name"])
        os.makedirs(folder)
        if len(running) >= most:
            _wait(running)
        process = os.fork()
        if process == 0:
            _run(job, folder)
        running[process] = folder
    while running:
        _wait(running)


def _wait(running: dict[int, str]) -> None:
    process, status = os.wait()
    folder = running.pop(process)
    if os.WIFSIGNALED(status):
        _failed(folder, f"ended by signal {os.WTERMSIG(status)}")


def _run(job: dict[str, Any], folder: str) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
        code = sys.modules[job["program"]].main([word.replace("{out}", folder) for word in job["arguments"]])
        if code:
            _failed(folder, f"ended with {code}")
    except BaseException as error:
        _failed(folder, f"{type(error).__name__}: {error}")
    finally:
        os._exit(0)


def _failed(folder: str, why: str) -> None:
    with open(os.path.join(folder, "error"), "w", encoding="utf-8", errors="replace") as file:
        file.write(why[:1000])


if __name__ == "__main__":
    main()
