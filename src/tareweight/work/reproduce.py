"""Building targets twice, to see whether the same source gives the same image."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tareweight.build import builder as builders
from tareweight.build import failures
from tareweight.build import run as building
from tareweight.build.builder import Builder, context_words
from tareweight.build.lend import lend
from tareweight.build.plan import Job
from tareweight.build.progress import Event
from tareweight.build.setup import Setup
from tareweight.engine.client import image_store, inspect, require_buildx
from tareweight.errors import BadInput, TareError, one_line
from tareweight.process import run
from tareweight.project import Planned, Project, make_bases, make_plan, source_labels
from tareweight.work import saved

if TYPE_CHECKING:
    from tareweight.work.saved import Compared

MOST_FILES = 20
"""Files that are named of each layer; the rest is counted."""
APART = 1.1
"""Seconds between the end of the first builds and the start of the second: a file's time may be told in whole seconds."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Twice:
    """A target that was built twice: what differs, or why that isn't known."""

    name: str
    compared: Compared | None
    error: str = ""

    @property
    def same(self) -> bool:
        """Whether both builds have the same content."""
        return self.compared is not None and self.compared.same_content


def without_baselines(project: Project) -> Project:
    """The project less the variants that others are compared with, unless the user named variants: they are built as one does without a thought."""
    if project.wishes.variants:
        return project
    reads = [read for read in project.reads if read.target.variant != read.target.app.baseline]
    if not reads:
        raise BadInput("only baselines are chosen, which are left out unless they are named", hint="Give --variant")
    return replace(project, reads=reads)


def reproduce(project: Project, *, builder: str, say: Say, tell: Callable[[Event], None]) -> list[Twice]:
    """Build every chosen target twice without cache, the second time on `builder` (empty: the engine's own, too), and compare.

    Each time the cache mounts are others, which are empty. The images are removed in the end, and so are those mounts.
    """
    if project.settings.epoch is None:
        raise BadInput("there is no commit whose time images could bear", hint="Commit first, or set SOURCE_DATE_EPOCH")
    planned = make_plan(project, force="built twice", make=partial(make_bases, project=project, say=say))
    require_buildx()
    run_name = f"reproduce-{secrets.token_hex(4)}"
    setups = [_setup(builders.find(name, planned.engine), planned) for name in ("", builder)]
    lend(list({base.reference: base for job in planned.jobs for base in job.bases}.values()), setups[1], tare=project.settings.tare, say=say)
    source = source_labels(project.settings.root)
    both = [[_job(job, run_name, number) for job in planned.jobs] for number in (1, 2)]
    outcomes = []
    try:
        for jobs, setup in zip(both, setups, strict=True):
            outcomes.append(_build(jobs, setup, planned, source, tell))
            time.sleep(APART)
        return _compare(planned.jobs, outcomes)
    finally:
        run(["docker", "image", "rm", "--force", *(job.image for jobs in both for job in jobs)], timeout=300, check=False)
        for one in {setup.builder.name: setup.builder for setup in setups}.values():
            _forget_mounts(one, run_name)


def _setup(builder: Builder, planned: Planned) -> Setup:
    """Times are rewritten wherever that is possible: everywhere but on an engine with the classic store."""
    rewrite = builder.driver != "docker" or builders.store_of(builder, image_store) == "containerd"
    return Setup(builder, (planned.engine.platform,), rewrite=rewrite)


def _job(job: Job, run_name: str, number: int) -> Job:
    """The job under a tag of its own, with cache mounts of its own: the user's are neither a help to it nor emptied by it."""
    name = f"{run_name}-{number}"
    args = {**job.args, "BUILDKIT_CACHE_MOUNT_NS": name}
    return replace(job, image=f"{job.image}-{name}", tags=(f"{job.image}-{name}",), args=args, stale=f"{number} of 2")


def _build(jobs: Sequence[Job], setup: Setup, planned: Planned, source: dict[str, str], tell: Callable[[Event], None]) -> list[building.Outcome]:
    project = planned.project
    outcomes = building.run(
        jobs,
        engine=planned.engine,
        settings=project.settings,
        at_once=project.jobs_at_once,
        source=source,
        tell=tell,
        no_cache=True,
        setup=setup,
    )
    for outcome in outcomes:  # a failure that is kept would be one of an image that nobody asks for again
        failures.forget(project.settings.tare, outcome.job)
    return outcomes


def _compare(jobs: Sequence[Job], outcomes: Sequence[Sequence[building.Outcome]]) -> list[Twice]:
    images = inspect([outcome.job.image for each in outcomes for outcome in each if outcome.state == "built"])

    def one(job: Job, first: building.Outcome, second: building.Outcome) -> Twice:
        for word, outcome in (("first", first), ("second", second)):
            if outcome.job.image not in images:
                return Twice(job.target.name, None, f"the {word} build failed: {building.reason(outcome) or outcome.state}")
        try:
            return Twice(job.target.name, saved.compare(images[first.job.image], images[second.job.image]))
        except TareError as error:
            return Twice(job.target.name, None, str(error))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, jobs, *outcomes))


def _forget_mounts(builder: Builder, run_name: str) -> None:
    """Remove the cache mounts of the builds: compilers' and package managers' caches that nobody will look for again."""
    words = [*context_words(builder), "buildx"]
    told = run([*words, "du", "--builder", builder.name, "--verbose", "--filter", "type=exec.cachemount"], timeout=60, check=False).stdout
    for record in re.split(r"\n\s*\n", told):
        if f'with id "{run_name}-' in record and (found := re.search(r"^ID:\s*(\w+)", record, re.MULTILINE)):
            run([*words, "prune", "--builder", builder.name, "--force", "--filter", f"id={found[1]}"], timeout=120, check=False)


def lines(twice: Twice) -> Iterator[str]:
    """A target in a line, and below it what differs: a line for each file, `MOST_FILES` of a layer at most."""
    compared = twice.compared
    if compared is None:
        yield f"{twice.name:<24} not built twice: {twice.error}"
        return
    yield f"{twice.name:<24} {_verdict(compared)}"
    if compared.settings:
        yield f"    configuration: {', '.join(compared.settings)}"
    for layer in compared.layers:
        yield f"    layer {layer.number}, {layer.instruction}"
        for file in layer.files[:MOST_FILES]:
            yield f"        {one_line(file.path)}: {one_line(file.why)}"
        if len(layer.files) > MOST_FILES:
            yield f"        and {len(layer.files) - MOST_FILES} more"


def _verdict(compared: Compared) -> str:
    if compared.same_digest:
        return f"same digest {compared.old.id}"
    if not compared.same_content:
        what = [_count(compared.files, "file")] if compared.files else []
        return f"DIFFERS: {' and '.join([*what, *(['its configuration'] if compared.settings else [])])}"
    times = "the time of 1 file" if compared.times == 1 else f"the times of {compared.times} files and folders"
    return f"same content; the digest differs by {times if compared.times else 'what no container sees: how its layers are packed or dated'}"


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number} {word}s"


def summary(all_of_them: Sequence[Twice]) -> Iterator[str]:
    """How many are the same, and why digests may differ where content doesn't."""
    same = sum(one.same for one in all_of_them)
    yield f"{same} of {len(all_of_them)} targets have the same content in both builds"
    if image_store()[1] == "classic" and any(one.compared and one.compared.times for one in all_of_them):
        yield "The classic image store keeps the times at which a build wrote its files; on a containerd store they are set back to SOURCE_DATE_EPOCH"
