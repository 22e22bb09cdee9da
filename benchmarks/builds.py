"""`build-all` against `docker buildx bake`, against one build after another, and against Invoke itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import Command, Failed, in_turns

ROOT = Path(__file__).resolve().parent.parent
OURS = "build-all"
BAKE = "docker buildx bake"
SERIAL = "docker buildx build, one by one"
LIST = "invoke --list, empty tasks file"


@dataclass(frozen=True)
class Runs:
    """Seconds by command, in the order of the rounds."""

    idle: Mapping[str, list[float]]
    cold: Mapping[str, list[float]]
    targets: int


def ready() -> str:
    """An engine that runs, and the bases made; the bake file of all targets."""
    from tareweight.engine import daemon

    daemon.up(ROOT / ".tare", print)
    # Left out of every measure: bases, the first fill of cache mounts, and whatever else an earlier run would have left.
    _run("build-all", "--no-verify")
    return _run("bake")


def measure(bake: str, *, idle_rounds: int, cold_rounds: int) -> Runs:
    """All the rounds. Cold ones come last: they leave new images, which the idle ones would find changed."""
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "tasks.py").touch()
        ours = Command(OURS, ((invoke(), "build-all"),), ROOT)
        theirs = Command(BAKE, (("docker", "buildx", "bake", "-f", "-"),), ROOT, bake)
        # Invoke says "No tasks found" and ends with 1, which is what it does for an empty file.
        listing = Command(LIST, ((invoke(), "--list"),), Path(empty), codes=(1,))
        # Bake first: an image of its making has another id, whose checks build-all would run in its first round.
        everything = [theirs, ours, listing]
        print("nothing to do (one round before the measured ones)", flush=True)
        in_turns(everything, 1)
        print("nothing to do", flush=True)
        idle = in_turns(everything, idle_rounds)
    cold: Mapping[str, list[float]] = {}
    if cold_rounds:
        print("cold", flush=True)
        cold = in_turns(
            [
                Command(OURS, ((invoke(), "build-all", "--no-cache", "--no-verify"),), ROOT),
                Command(BAKE, (("docker", "buildx", "bake", "--no-cache", "-f", "-"),), ROOT, bake),
                Command(SERIAL, one_by_one(bake), ROOT),
            ],
            cold_rounds,
        )
    return Runs(idle, cold, len(json.loads(bake)["target"]))


def one_by_one(bake: str) -> tuple[tuple[str, ...], ...]:
    """The targets of a bake file as commands of their own."""
    return tuple(_build(target) for _, target in sorted(json.loads(bake)["target"].items()))


def _build(target: dict[str, Any]) -> tuple[str, ...]:
    words = ["docker", "buildx", "build", "--no-cache", "--file", target["dockerfile"]]
    for tag in target["tags"]:
        words += ["--tag", tag]
    for option, key in (("--label", "labels"), ("--build-arg", "args"), ("--build-context", "contexts")):
        for name, value in target.get(key, {}).items():
            words += [option, f"{name}={value}"]
    for secret in target.get("secret", ()):
        words += ["--secret", secret]
    # Strings of a bake file are templates; a command line's are not.
    return tuple(word.replace("$${", "${").replace("%%{", "%{") for word in (*words, target["context"]))


def invoke() -> str:
    """The command beside this Python."""
    found = Path(sys.executable).with_name("invoke")
    return str(found) if found.exists() else shutil.which("invoke") or "invoke"


def _run(*words: str) -> str:
    done = subprocess.run([invoke(), *words], cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise Failed(f"invoke {' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2_000:]}")
    return done.stdout
