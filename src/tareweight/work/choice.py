"""Which image is meant: the app and variant that the user named, or the smallest variant that passes its checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tareweight.build.plan import Job
from tareweight.catalog import Needs, Target
from tareweight.check import lockdown, verdict
from tareweight.check.lockdown import CantRun
from tareweight.engine.client import Image
from tareweight.errors import BadInput, TareError
from tareweight.project import Planned, Project, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Choice:
    """A target with an image that can be run. `why` says how the variant was chosen; empty where the user named it."""

    target: Target
    image: Image
    why: str = ""

    def __str__(self) -> str:
        return f"{self.target.name} ({self.why})" if self.why else self.target.name


def only_app(project: Project) -> str:
    """The only app of the chosen targets. `BadInput` where there are several."""
    names = list(dict.fromkeys(read.target.app.name for read in project.reads))
    if len(names) > 1:
        raise BadInput("one app is wanted", hint=f"Give --app with one of {', '.join(names)}")
    return names[0]


def choose_one(project: Project, say: Callable[[str], None]) -> Choice:
    """The image of the only chosen app. `BadInput` where several apps are chosen, or there is no image."""
    only_app(project)
    return choose(make_plan(project), say)[0]


def choose(planned: Planned, say: Callable[[str], None]) -> list[Choice]:
    """One image for each app of the plan, in its order; an app without any has none. One that is out of date is told, and taken.

    `BadInput` where no app has an image.
    """
    apps: dict[str, list[Job]] = {}
    for job in planned.jobs:
        apps.setdefault(job.target.app.name, []).append(job)
    chosen = []
    for app, jobs in apps.items():
        if one := _of_app(jobs, planned):
            chosen.append(one)
        elif app in planned.project.wishes.apps or len(apps) == 1:
            what = f"there is no image {jobs[0].image}" if len(jobs) == 1 else f"{app} has no image yet"
            raise BadInput(what, hint=f"Run {_build(jobs)}")
    if not chosen:
        raise BadInput("no app has an image yet", hint="Run `invoke build-all`")
    for job in planned.jobs:
        if job.stale and any(choice.target is job.target for choice in chosen):
            say(f"{job.target.name} isn't up to date ({job.stale}): {_build([job])} makes it anew")
    return chosen


def _build(jobs: Sequence[Job]) -> str:
    """The command that builds these variants of an app."""
    return f"`invoke build --app {jobs[0].target.app.name}{f' --variant {jobs[0].target.variant}' if len(jobs) == 1 else ''}`"


def _of_app(jobs: Sequence[Job], planned: Planned) -> Choice | None:
    """The smallest image whose checks pass, as the engine counts sizes; where none has passed, the baseline or whichever there is."""
    tare, images = planned.project.settings.tare, planned.images
    there = [job for job in jobs if job.image in images]
    if not there:
        return None
    if len(jobs) == 1:
        return Choice(jobs[0].target, images[jobs[0].image])
    passing = [job for job in there if (told := verdict.load(tare, images[job.image].id, job.target)) and told.ok]
    if passing:
        best = min(passing, key=lambda job: images[job.image].size)
        return Choice(best.target, images[best.image], "the smallest that passes its checks")
    return Choice(there[0].target, images[there[0].image], "no variant has passed its checks")


@contextmanager
def copy_of(client: Any, choice: Choice, image: lockdown.Image, *, needs: Needs | None = None, **how: Any) -> Iterator[str]:
    """The name of a container of the image, made as the checks make theirs (`how`: `lockdown.container`) but not started; gone after the block.

    It has the target's own `needs` unless others are given. Whatever the engine refuses, in the block too, is a `TareError` that names the target.
    """
    try:
        with lockdown.container(client, image, needs or choice.target.needs, **how) as name:
            yield name
    except CantRun as error:
        raise TareError(f"{choice.target.name}: {error}") from error


def config_of(client: Any, choice: Choice) -> lockdown.Image:
    """What the engine says of the image. `TareError` where it has gone meanwhile."""
    try:
        return lockdown.inspect(client, choice.image.id)
    except CantRun as error:
        raise TareError(f"{choice.target.name}: {error}") from error


def port_of(choice: Choice, image: lockdown.Image) -> int | None:
    """The port of an HTTP app, None for a command line. `TareError` where there are several and app.toml doesn't say which."""
    needs = choice.target.needs
    if needs.port is None and not image.exposed:
        return None
    try:
        return lockdown.port_of(image, needs)
    except CantRun as error:
        raise TareError(f"{choice.target.name}: {error}") from error
