"""What every task needs: the project's targets, read and planned against an engine. Data flows through here once, downwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tareweight import catalog, settings
from tareweight.bases import resolve
from tareweight.build import plan
from tareweight.build.plan import OCI, Job, Read
from tareweight.build.setup import Setup
from tareweight.catalog import Target
from tareweight.check import verdict
from tareweight.context import StatCache
from tareweight.engine.client import Engine, Image, connect, image_store, inspect, require_buildx
from tareweight.process import CommandFailed
from tareweight.process import run as run_command
from tareweight.settings import Settings

if TYPE_CHECKING:
    from tareweight.build.run import Outcome


@dataclass(frozen=True)
class Wishes:
    """What the user chose on the command line, not yet judged."""

    apps: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    bases: str = ""
    jobs: str = ""
    tag: str = ""
    nearest_base: bool = False
    pull: bool = False


@dataclass
class Project:
    """A project whose files have been read; the engine has not been asked yet."""

    settings: Settings
    wishes: Wishes
    reads: list[Read]

    @property
    def jobs_at_once(self) -> int:
        """Builds (or checks) at once."""
        return settings.jobs_number(self.wishes.jobs, "--jobs") if self.wishes.jobs else self.settings.jobs


@dataclass
class Planned:
    """A project planned against an engine. `jobs` are in the order of `project.reads`."""

    project: Project
    engine: Engine
    bases: resolve.Bases
    jobs: list[Job]
    images: dict[str, Image]


def open_project(wishes: Wishes, start: Path | None = None) -> Project:
    """Read all that the user wrote. `BadInput` before anything is asked of an engine."""
    found = settings.read(start)
    if wishes.bases:
        found = replace(found, bases=settings.bases_name(wishes.bases, "--bases"))
    targets = catalog.select(catalog.discover(found), wishes.apps, wishes.variants)
    tag = _tag(found.root, wishes.tag)
    for target in targets:
        plan.tag_names(found, target, tag)
    project = Project(found, replace(wishes, tag=tag), plan.read_dockerfiles(targets, plan.arguments(wishes.sets)))
    _ = project.jobs_at_once
    return project


def make_plan(
    project: Project,
    *,
    force: str = "",
    make: Callable[[resolve.Bases], None] | None = None,
    weigh: bool = False,
    setup: Setup | None = None,
    look: Callable[[Sequence[str]], dict[str, Image]] = inspect,
) -> Planned:
    """Ask the engine and decide what is stale. `make`, when given, makes the bases that are still missing.

    `setup` is how the targets are built, where that isn't simply on the engine; `look` finds the images that there are, by the targets' names.
    With `weigh` the engine is also asked for its store, which every weight and table will want: at the same time costs least.
    """
    names = [plan.image_name(project.settings, read.target) for read in project.reads]
    references = [image for read in project.reads if read.dockerfile for image in read.dockerfile.images]
    with ThreadPoolExecutor(4) as pool:
        if weigh:
            pool.submit(image_store)
        asked_engine = pool.submit(connect)
        asked_images = pool.submit(look, names)
        asked_bases = pool.submit(_resolve, project, references)
        engine = asked_engine.result()
        images = asked_images.result()
        bases = asked_bases.result()
    if make and bases.pending:
        require_buildx()
        make(bases)
    jobs = plan.plan(
        project.reads,
        settings=project.settings,
        engine=engine,
        bases=bases,
        images=images,
        cache=StatCache(project.settings.tare),
        tag=project.wishes.tag,
        force=force,
        setup=setup,
    )
    return Planned(project, engine, bases, jobs, images)


def _resolve(project: Project, references: Sequence[str]) -> resolve.Bases:
    return resolve.resolve(
        references,
        settings=project.settings,
        mode=project.settings.bases,
        nearest=project.wishes.nearest_base or project.settings.nearest_base,
        pull=project.wishes.pull,
    )


def make_bases(planned_bases: resolve.Bases, project: Project, say: Callable[[str], None]) -> None:
    """Make the missing debian bases, several at once; always on the engine itself, as they stand on images that only it has."""
    from tareweight.bases.make import make

    bundle = project.settings.secrets.get("ca-bundle")
    one = partial(make, tare=project.settings.tare, builder=connect().builder, ca_bundle=bundle, say=say, force=project.wishes.pull)
    resolve.make_all(planned_bases, one, project.jobs_at_once)


def source_labels(root: Path) -> dict[str, str]:
    """revision and source, from git; empty outside a repository. Credentials in a remote's address are left out."""
    found: dict[str, str] = {}
    try:
        revision = _git(root, "rev-parse", "HEAD")
        found[f"{OCI}.revision"] = revision + ("-dirty" if _git(root, "status", "--porcelain") else "")
        remote = _git(root, "config", "--get", "remote.origin.url")
    except CommandFailed:
        return found
    scheme, separator, rest = remote.partition("://")
    found[f"{OCI}.source"] = f"{scheme}://{rest.rpartition('@')[2]}" if separator else remote
    return found


def _tag(root: Path, wish: str) -> str:
    if wish != "git":
        return wish
    try:
        return _git(root, "rev-parse", "--short", "HEAD") + ("-dirty" if _git(root, "status", "--porcelain") else "")
    except CommandFailed as error:
        from tareweight.errors import BadInput

        raise BadInput("--tag git: this is no git repository with a commit", hint="Commit first, or give the tag itself") from error


def _git(root: Path, *words: str) -> str:
    return run_command(["git", "-C", str(root), *words], timeout=10).stdout.strip()


def unproven(planned: Planned, outcomes: Sequence[Outcome]) -> list[tuple[Target, str]]:
    """Targets with their image IDs whose image is new, or is up to date but has not passed the checks as they stand."""
    built = inspect([outcome.job.image for outcome in outcomes if outcome.state == "built"])
    found: list[tuple[Target, str]] = []
    for outcome in outcomes:
        target = outcome.job.target
        if image := built.get(outcome.job.image):
            found.append((target, image.id))
        elif outcome.state == "fresh" and target.app.checks:
            image_id = planned.images[outcome.job.image].id
            told = verdict.load(planned.project.settings.tare, image_id, target)
            if told is None or not told.ok:
                found.append((target, image_id))
    return found
