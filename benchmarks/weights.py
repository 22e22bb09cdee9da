"""The scale against dive and syft, and `compare` against Invoke itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.builds import LIST, ROOT, invoke
from benchmarks.timing import Command, Cost, Failed, costs_in_turns

ONE = "weigh one"
ALL = "weigh all"
DIVE = "dive"
DIVE_ALL = "dive, one after another"
SYFT = "syft"
COMPARE = "compare, all weighed already"


@dataclass(frozen=True)
class Weighings:
    """Costs by command, in the order of the rounds. `image` is the largest image, of `size` bytes by its layers; `images` are all of the table."""

    image: str
    size: int
    images: int
    one: Mapping[str, list[Cost]]
    all: Mapping[str, list[Cost]]
    compare: Mapping[str, list[Cost]]


def measure(*, rounds: int, long_rounds: int) -> Weighings:
    """All the rounds. `long_rounds` are of what takes half a minute or more."""
    images = _images()
    largest, size = max(images.items(), key=lambda item: item[1])
    ours = (sys.executable, "-m", "benchmarks.weigh_once")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tasks.py").touch()
        told = str(Path(folder) / "told.json")
        dive = {name: (_tool("dive"), "--json", told, f"docker://{name}") for name in images}
        print("one image", flush=True)
        one = dict(costs_in_turns([Command(ONE, ((*ours, largest),), ROOT), Command(DIVE, (dive[largest],), ROOT)], rounds))
        one |= costs_in_turns([Command(SYFT, ((_tool("syft"), "scan", f"docker:{largest}", "--output", f"syft-json={told}"),), ROOT)], long_rounds)
        print("all images", flush=True)
        everything = costs_in_turns([Command(ALL, ((*ours, *images),), ROOT), Command(DIVE_ALL, tuple(dive.values()), ROOT)], long_rounds)
        print("nothing to weigh", flush=True)
        comparing = [Command(COMPARE, ((invoke(), "compare"),), ROOT), Command(LIST, ((invoke(), "--list"),), Path(folder), codes=(1,))]
        costs_in_turns(comparing, 1)
        compare = costs_in_turns(comparing, rounds)
    return Weighings(largest, size, len(images), one, everything, compare)


def _images() -> dict[str, int]:
    """The images of this repository's targets and what their layers sum to."""
    listed = subprocess.run([invoke(), "compare", "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise Failed(f"invoke compare ended with {listed.returncode}:\n{listed.stderr[-2_000:]}")
    import json

    return {row["image"]: row["weight"]["layered_bytes"] for row in json.loads(listed.stdout)["rows"] if row["weight"]}


def _tool(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise Failed(f"{name} isn't there: it is one of the development dependencies")
    return found
