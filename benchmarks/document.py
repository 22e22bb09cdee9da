"""Figures -> docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from benchmarks.builds import BAKE, LIST, OURS, SERIAL, Runs
from benchmarks.machine import describe
from benchmarks.scale import FILES, VARIANTS, Planned
from benchmarks.timing import middle

SECONDS = 2.0
BYTES = 150_000_000
LINEAR = 1.25
"""How many times the seconds a target may cost in the largest project, against the smallest. Below 1 the start-up is being spread."""


@dataclass(frozen=True)
class Row:
    """One line of the table. `value` is held against `goal`; both are ratios, seconds or bytes."""

    measure: str
    against: str
    ours: str
    peer: str
    value: float
    goal: float
    shown: str

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.value <= self.goal


def rows(runs: Runs, plans: Sequence[Planned]) -> list[Row]:
    """The table of what was measured, in the order of the goals."""
    found = []
    cold, idle = middle(runs.cold), middle(runs.idle)
    if cold:
        found += [
            _ratio("cold: `build-all --no-cache --no-verify`", "`docker buildx bake --no-cache`", cold[OURS], cold[BAKE], 1.05),
            _ratio("the same", "`docker buildx build --no-cache`, one by one", cold[OURS], cold[SERIAL], 0.7),
        ]
    found += [
        _ratio("nothing to do: `build-all`", "`docker buildx bake`", idle[OURS], idle[BAKE], 0.4),
        _ratio("the same", "`invoke --list` of an empty tasks file", idle[OURS], idle[LIST], 2.0),
    ]
    if plans:
        small, large = plans[0], plans[-1]
        growth = (large.again / large.targets) / (small.again / small.targets)
        what = f"plan of {large.apps:,} apps x {len(VARIANTS)} variants"
        found += [
            Row(f"{what}: seconds", "-", f"{large.again:.2f} s", "-", large.again, SECONDS, f"{large.again:.2f} s"),
            Row(f"{what}: peak memory", "-", f"{large.peak / 1e6:.0f} MB", "-", large.peak, BYTES, f"{large.peak / 1e6:.0f} MB"),
            Row(
                f"{what}: seconds a target",
                f"the same of {small.apps:,} apps",
                f"{large.again / large.targets * 1e3:.2f} ms",
                f"{small.again / small.targets * 1e3:.2f} ms",
                growth,
                LINEAR,
                f"{growth:.2f}",
            ),
        ]
    return found


def _ratio(measure: str, against: str, ours: float, peer: float, goal: float) -> Row:
    return Row(measure, against, f"{ours:.2f} s", f"{peer:.2f} s", ours / peer, goal, f"{ours / peer:.2f}")


def render(table: Sequence[Row], runs: Runs, plans: Sequence[Planned]) -> str:
    """The whole document."""
    lines = [
        "# How fast",
        "",
        "Written by `invoke bench`; not edited by hand. Every ratio is of two commands that took turns in one run on one machine,",
        "so it says more than the seconds do. Below 1, Tareweight is the faster of the two.",
        "",
        "| measure | against | ours | peer | result | goal | |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for row in table:
        goal = {SECONDS: "2 s", BYTES: "150 MB"}.get(row.goal, f"{row.goal:g}") if row.peer == "-" else f"{row.goal:g}"
        lines.append(f"| {row.measure} | {row.against} | {row.ours} | {row.peer} | {row.shown} | <= {goal} | {'met' if row.met else '**not met**'} |")
    if not runs.cold:
        lines += ["", "The cold builds were left out of this run (`--skip-cold`)."]
    lines += ["", "## The machine", "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in describe())]
    lines += [f"| date | {datetime.now(timezone.utc):%Y-%m-%d} |", "", "## What was done", ""]
    lines += _method(runs, plans)
    lines += ["", "## Every round", "", "| | seconds |", "|---|---|"]
    for kind, seconds in (("cold", runs.cold), ("nothing to do", runs.idle)):
        lines += [f"| {kind}: {name} | {', '.join(f'{value:.2f}' for value in values)} |" for name, values in seconds.items()]
    if plans:
        lines += ["", "| apps | targets | first plan | nothing to do | peak memory |", "|--:|--:|--:|--:|--:|"]
        lines += [f"| {plan.apps:,} | {plan.targets:,} | {plan.first:.2f} s | {plan.again:.2f} s | {plan.peak / 1e6:.0f} MB |" for plan in plans]
    return "\n".join(lines) + "\n"


def _method(runs: Runs, plans: Sequence[Planned]) -> list[str]:
    idle = len(next(iter(runs.idle.values()), []))
    cold = len(next(iter(runs.cold.values()), []))
    lines = [
        f"- The builds are this repository's {runs.targets} targets. `bake` reads the file that `invoke bake` prints: the same targets, arguments,",
        "  bases, labels and secrets, and `docker buildx build` is given the same ones by one. None of the three runs checks or adds attestations.",
        "- The bases are made before the clock starts. `--no-cache` runs every step anew on all sides, but BuildKit keeps what steps put into",
        "  their cache mounts (Go's build cache, npm's, pip's): those stay warm on all sides.",
        f"- Commands take turns, every other round backwards: {cold or 'no'} rounds of the cold builds, {idle} of nothing to do after one that doesn't count.",
        "  The table has the medians. A process is timed whole, from its start to its end.",
    ]
    if plans:
        lines += [
            f"- The generated project has {len(VARIANTS)} `FROM scratch` Dockerfiles and a context of {FILES} small files and an ignore file for each app.",
            "  A plan reads settings, apps and Dockerfiles, hashes the contexts and compares each fingerprint with the image's: all that `build-all` does but",
            "  asking the engine, whose answers come from a file. Nothing has changed since the plan before. Python's start and imports count.",
            f"- Linear: a target of the largest project may cost at most {LINEAR:g} times as much as one of the smallest.",
        ]
    return lines
