"""The plan of a generated project of many apps, up to the engine's door: `python -m benchmarks.scale ROOT` plans once and tells.

What the engine would answer comes from a file that the first plan leaves behind, so that the second finds nothing to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.timing import Failed

VARIANTS = ("single", "multistage", "distroless", "scratch")
FILES = 5
"""Files in each context, about a kilobyte each, in two folders."""
_SETTLE = 2.5
"""Seconds after which a file's time stamps are believed (the stat cache mistrusts younger ones for 2 s)."""


@dataclass(frozen=True)
class Planned:
    """One size of project. Seconds are of the whole process, Python's start included; `peak` is resident bytes."""

    apps: int
    first: float
    again: float
    peak: int

    @property
    def targets(self) -> int:
        """How many targets were planned."""
        return self.apps * len(VARIANTS)


def generate(root: Path, apps: int) -> None:
    """A project of `apps` apps in four variants each, all FROM scratch."""
    root.mkdir(parents=True)
    (root / "tareweight.toml").write_text('prefix = "generated"\n', encoding="utf-8")
    for number in range(apps):
        name = f"app-{number:04}"
        folder = root / "apps" / name
        (folder / "src").mkdir(parents=True)
        (folder / "app.toml").write_text(
            f'title = "App {number}"\ndescription = "One of many"\nversion = "1.{number}"\n\n[run]\nport = 8080\n\n'
            '[[check]]\nname = "answers"\npath = "/"\nstatus = 200\nbody = { contains = "hello" }\n',
            encoding="utf-8",
        )
        (folder / ".dockerignore").write_text("app.toml\n*.log\n", encoding="utf-8")
        for file in range(FILES):
            (folder / ("src" if file % 2 else ".") / f"file{file}.txt").write_text(f"{name} {file}\n" * 100, encoding="utf-8")
        dockerfiles = root / "dockerfiles" / name
        dockerfiles.mkdir(parents=True)
        for variant in VARIANTS:
            (dockerfiles / f"{variant}.Dockerfile").write_text(
                "FROM scratch AS files\nARG VERSION=1\nCOPY . /app/\n\nFROM scratch\nARG VERSION\nCOPY --from=files /app/ /app/\n"
                f'ENV VARIANT={variant} VERSION=$VERSION\nUSER 65532:65532\nENTRYPOINT ["/app/run"]\n',
                encoding="utf-8",
            )


def measure(folder: Path, sizes: Sequence[int], rounds: int) -> list[Planned]:
    """Generate projects of `sizes` apps, plan each once with nothing known, then in turns `rounds` times with nothing to do."""
    roots = {apps: folder / str(apps) for apps in sizes}
    for apps, root in roots.items():
        generate(root, apps)
    time.sleep(_SETTLE)
    first = {apps: _plan(root, apps * len(VARIANTS))[0] for apps, root in roots.items()}
    seconds: dict[int, list[float]] = {apps: [] for apps in sizes}
    peaks: dict[int, int] = {}
    for _ in range(rounds):
        for apps, root in roots.items():
            took, peaks[apps] = _plan(root, 0)
            seconds[apps].append(took)
    found = [Planned(apps, first[apps], median(seconds[apps]), peaks[apps]) for apps in sizes]
    for plan in found:
        print(f"  plan of {plan.targets:>5} targets: first {plan.first:.3f} s, again {plan.again:.3f} s, {plan.peak / 1e6:.1f} MB", flush=True)
    return found


def _plan(root: Path, stale: int) -> tuple[float, int]:
    """Seconds and peak bytes of one plan, which must find `stale` targets to build and no error."""
    began = time.perf_counter()
    # cwd stays: this package is found from the repository's root.
    done = subprocess.run([sys.executable, "-m", "benchmarks.scale", str(root)], capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise Failed(f"python -m benchmarks.scale ended with {done.returncode}:\n{done.stderr[-2_000:]}")
    told: dict[str, int] = json.loads(done.stdout)
    if told["stale"] != stale or told["errors"]:
        raise Failed(f"{root.name} apps: {told['stale']} targets to build, not {stale}; {told['errors']} errors")
    return seconds, told["peak"]


def plan_once(root: Path) -> dict[str, int]:
    """What `build-all` does before it asks the engine, and with what the engine would answer: targets, fingerprints, what is stale."""
    from tareweight.bases.resolve import Bases
    from tareweight.build import plan
    from tareweight.context import StatCache
    from tareweight.engine.client import Engine, Image
    from tareweight.project import Wishes, open_project

    answers = root / ".tare" / "answers.json"
    known: dict[str, dict[str, str]] = json.loads(answers.read_bytes()) if answers.is_file() else {}
    images = {name: Image("sha256:0", (name,), (), labels, "65532", 1, "linux/amd64", ()) for name, labels in known.items()}
    project = open_project(Wishes(), root)
    jobs = plan.plan(
        project.reads,
        settings=project.settings,
        engine=Engine(version="0", platform="linux/amd64", builder="default"),
        bases=Bases({}, ""),
        images=images,
        cache=StatCache(project.settings.tare),
    )
    if not known:
        from tareweight.fingerprint import LABEL

        answers.write_text(json.dumps({job.image: {**job.labels, LABEL: job.fingerprint} for job in jobs}), encoding="utf-8")
    return {"stale": sum(bool(job.stale) for job in jobs), "errors": sum(bool(job.error) for job in jobs), "peak": _peak()}


def _peak() -> int:
    """This process's peak of resident memory in bytes. getrusage would count what a forking parent held."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(plan_once(Path(sys.argv[1]))))
