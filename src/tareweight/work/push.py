"""Images to a registry: those that pass their checks and budgets, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from tareweight.budget import Result
from tareweight.build import run
from tareweight.build.plan import Job
from tareweight.build.setup import Setup
from tareweight.check import verdict
from tareweight.engine import registry
from tareweight.engine.client import Image, inspect
from tareweight.errors import OverBudget, TareError
from tareweight.process import run as run_command
from tareweight.project import Planned
from tareweight.report import budget as report
from tareweight.work.fleet import remote, runs_here

AT_ONCE = 4
"""Images pushed at once; the engine sends five layers of each at once."""


@dataclass(frozen=True)
class Refused:
    """A target that isn't pushed, why, and the exit code that this asks for."""

    target: str
    why: str
    code: int = 1


def passed(planned: Planned, results: Sequence[Result], *, unchecked: bool = False) -> tuple[list[Job], list[Refused]]:
    """Which targets may be pushed, and which not. `results` are the budgets of `planned.jobs`; `unchecked` lets what has no verdict pass."""
    good, refused = [], []
    for job, result in zip(planned.jobs, results, strict=True):
        if bad := _refused(job, planned, result, unchecked=unchecked):
            refused.append(bad)
        else:
            good.append(job)
    return good, refused


def _refused(job: Job, planned: Planned, result: Result, *, unchecked: bool) -> Refused | None:
    target, image = job.target, planned.images.get(job.image)
    if job.error:
        return Refused(target.name, job.error)
    if image is None:
        return Refused(target.name, "there is no image: run `invoke build-all`")
    if job.stale:
        return Refused(target.name, f"the image is out of date ({job.stale}): run `invoke build-all`")
    told = verdict.load(planned.project.settings.tare, image.id, target)
    if told and told.failures:
        return Refused(target.name, f"its checks fail: {told.failures[0].check}: {told.failures[0].why}")
    if not unchecked and not target.app.checks:
        return Refused(target.name, "nothing proves that it works: app.toml has no [[check]]")
    if not unchecked and not (told and told.ok):
        return Refused(target.name, "its checks have not run")
    if result.broken:
        return Refused(target.name, f"over budget: {report.reasons([result])[0]}", OverBudget.exit_code if result.weighed else TareError.exit_code)
    return None


def push(jobs: Sequence[Job], planned: Planned, where: str, *, refs: Mapping[str, str]) -> tuple[list[str], list[Refused]]:
    """Give each target its tags in the registry `where` (HOST/PATH): the names with the digests that stand there then, and what failed.

    The engine pushes its image; one that a builder has pushed already is named in `refs` (by the target's image), and is only tagged.
    """
    prefix = planned.project.settings.prefix

    def one(job: Job) -> str | Refused:
        tags = [remote(tag, prefix, where) for tag in job.tags]
        try:
            if job.image in refs:
                return f"{tags[0]}@{registry.give(refs[job.image], tags)}"
            digests = [registry.push(planned.images[job.image].id, tag) for tag in tags]
        except TareError as error:
            return Refused(job.target.name, str(error))
        return f"{tags[0]}@{digests[0]}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            told = list(pool.map(one, jobs))
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [line for line in told if isinstance(line, str)], [line for line in told if isinstance(line, Refused)]


def again(planned: Planned, outcomes: Sequence[run.Outcome]) -> Planned:
    """The plan of what is built and up to date, with the images that there are now."""
    jobs = [replace(outcome.job, stale="") for outcome in outcomes if outcome.state in {"built", "fresh"}]
    return replace(planned, jobs=jobs, images=inspect([job.image for job in jobs]))


@dataclass(frozen=True)
class Brought:
    """What a builder pushed, brought here to be judged: the plan of it, the name by digest of each image, and what couldn't be had."""

    planned: Planned
    refs: dict[str, str]
    refused: list[Refused]

    def forget(self) -> None:
        """Take from the engine what was brought only to be judged."""
        for name in self.refs.values():
            registry.forget(name)


def bring(planned: Planned, outcomes: Sequence[run.Outcome], setup: Setup) -> Brought:
    """Pull what was built. An image of the engine's own platform alone takes its names here too, as if it had been built here."""
    built = [outcome for outcome in outcomes if outcome.state == "built"]
    platform = planned.engine.platform if runs_here(setup, planned.engine) else setup.platforms[0]

    def one(outcome: run.Outcome) -> Image | TareError:
        try:
            return registry.pull(_ref(outcome, setup), platform)
        except TareError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(zip(built, pool.map(one, built), strict=True))
    images = {outcome.job.image: image for outcome, image in found if isinstance(image, Image)}
    jobs = [replace(outcome.job, stale="") for outcome in built if outcome.job.image in images]
    if setup.platforms == (planned.engine.platform,):
        for job in jobs:
            for tag in job.tags:
                run_command(["docker", "image", "tag", images[job.image].id, tag], timeout=60)
    refs = {outcome.job.image: _ref(outcome, setup) for outcome in built if outcome.job.image in images}
    refused = [Refused(outcome.job.target.name, str(error)) for outcome, error in found if isinstance(error, TareError)]
    return Brought(replace(planned, jobs=jobs, images=images), refs, refused)


def _ref(outcome: run.Outcome, setup: Setup) -> str:
    return f"{setup.registry}/{outcome.job.target.app.name}@{outcome.image_id}"


def there_already(planned: Planned, outcomes: Sequence[run.Outcome], setup: Setup) -> list[str]:
    """The names and digests of what the registry had up to date."""
    prefix = planned.project.settings.prefix
    fresh = [outcome.job.image for outcome in outcomes if outcome.state == "fresh"]
    return [f"{remote(image, prefix, setup.registry)}@{planned.images[image].id}" for image in fresh]


def say_refused(refused: Sequence[Refused], say: Callable[[str], None]) -> int:
    """Tell each in a line, and answer with the exit code of all: 1 where there is one, else 4, and 0 for none."""
    for one in refused:
        say(f"{one.target:<24} not pushed: {one.why}")
    return min((one.code for one in refused), default=0)
