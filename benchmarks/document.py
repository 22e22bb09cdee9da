"""Figures -> docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from statistics import median

from benchmarks.builds import BAKE, LIST, OURS, SERIAL, Runs
from benchmarks.machine import describe
from benchmarks.plans import FILES, VARIANTS, Planned
from benchmarks.timing import Cost, middle
from benchmarks.weights import ALL, COMPARE, DIVE, DIVE_ALL, ONE, SYFT, Weighings

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


def of_builds(runs: Runs, plans: Sequence[Planned]) -> list[Row]:
    """The table of what was measured of builds and plans, in the order of the goals."""
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


def of_scale(told: Weighings) -> list[Row]:
    """The table of what was measured of the scale, in the order of the goals."""
    one, everything, compare = (_seconds(costs) for costs in (told.one, told.all, told.compare))
    ours, dive = (median(cost.peak for cost in told.one[name]) for name in (ONE, DIVE))
    what = f"weigh one image of {told.size / 1e6:.0f} MB, nothing kept from before"
    return [
        _ratio(what, "dive on the engine's image", one[ONE], one[DIVE], 0.3),
        _ratio("the same", "syft on the engine's image", one[ONE], one[SYFT], 0.05),
        _ratio(f"weigh all {told.images} images, nothing kept", "dive, image after image", everything[ALL], everything[DIVE_ALL], 0.2),
        _ratio("`compare`, all weighed already", "`invoke --list` of an empty tasks file", compare[COMPARE], compare[LIST], 2.0),
        Row(f"{what}: memory", "dive", f"{ours / 1e6:.0f} MB", f"{dive / 1e6:.0f} MB", ours / dive, 2.5, f"{ours / dive:.2f}"),
    ]


def _seconds(costs: Mapping[str, Sequence[Cost]]) -> dict[str, float]:
    return middle({name: [cost.seconds for cost in listed] for name, listed in costs.items()})


def _ratio(measure: str, against: str, ours: float, peer: float, goal: float) -> Row:
    return Row(measure, against, f"{ours:.2f} s", f"{peer:.2f} s", ours / peer, goal, f"{ours / peer:.2f}")


def builds(table: Sequence[Row], runs: Runs, plans: Sequence[Planned]) -> str:
    """The document on builds and plans."""
    lines = _table("How fast: builds", table)
    if not runs.cold:
        lines += ["", "The cold builds were left out of this run (`--skip-cold`)."]
    lines += [*_machine(), "", "## What was done", "", *_method(runs, plans), "", "## Every round", "", "| | seconds |", "|---|---|"]
    for kind, seconds in (("cold", runs.cold), ("nothing to do", runs.idle)):
        lines += [f"| {kind}: {name} | {', '.join(f'{value:.2f}' for value in values)} |" for name, values in seconds.items()]
    if plans:
        lines += ["", "| apps | targets | first plan | nothing to do | peak memory |", "|--:|--:|--:|--:|--:|"]
        lines += [f"| {plan.apps:,} | {plan.targets:,} | {plan.first:.2f} s | {plan.again:.2f} s | {plan.peak / 1e6:.0f} MB |" for plan in plans]
    return "\n".join(lines) + "\n"


def scale(table: Sequence[Row], told: Weighings) -> str:
    """The document on the scale."""
    lines = [*_table("How fast: the scale", table), *_machine(), "", "## What was done", ""]
    lines += [
        f"- The scale weighs `{told.image}`, and all {told.images} images of the table, in a fresh folder and without BuildKit's cache:",
        "  all of a Weight but the download. dive writes its analysis as JSON, syft its packages; both take the image out of the engine each",
        "  time. Memory is that of the largest process on the user's side: ours is the larger of Python and buildx; the scan runs in the engine.",
        "- Commands take turns, every other round backwards; syft and the long rounds have fewer. The table has the medians.",
        "",
        "## Every round",
        "",
        "| | seconds | memory at most |",
        "|---|---|--:|",
    ]
    for costs in (told.one, told.all, told.compare):
        for name, listed in costs.items():
            lines.append(f"| {name} | {', '.join(f'{cost.seconds:.2f}' for cost in listed)} | {max(cost.peak for cost in listed) / 1e6:.0f} MB |")
    return "\n".join(lines) + "\n"


def _table(title: str, table: Sequence[Row]) -> list[str]:
    lines = [
        f"# {title}",
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
    return lines


def _machine() -> list[str]:
    facts = [*describe(), ("date", f"{datetime.now(timezone.utc):%Y-%m-%d}")]
    return ["", "## The machine", "", "| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts)]


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
