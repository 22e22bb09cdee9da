"""The scale at work: a planned project's images, or any that the user names -> their weights, and what `compare` lays side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tareweight.bases import layers as base_layers
from tareweight.bases import resolve
from tareweight.bases.resolve import Base
from tareweight.build import failures
from tareweight.build.plan import OCI, Job, image_name
from tareweight.catalog import Target
from tareweight.check import verdict
from tareweight.check.verdict import Verdict
from tareweight.compare import Measured
from tareweight.engine.client import Engine, Image, connect, inspect, require_buildx
from tareweight.errors import BadInput, TareError, nearest, one_line
from tareweight.project import Planned, Project, make_bases, make_plan
from tareweight.scale import download, kept, weigh
from tareweight.scale.weight import Corrupt, Weight, of_base

if TYPE_CHECKING:
    from tareweight import budget, difference, lock
    from tareweight.advice import Case
    from tareweight.report.explanation import Explanation
    from tareweight.scale.files import FileRow


@dataclass(frozen=True)
class Weighed:
    """A target's image on the scale. `base_layers` is how many of its layers are the base's, `download` what a pull transfers; None where not known."""

    weight: Weight
    base_layers: int | None
    download: int | None

    @property
    def tare(self) -> int | None:
        """Bytes of the base's layers."""
        return None if self.base_layers is None else sum(layer.bytes for layer in self.weight.layers[: self.base_layers])


def weigh_all(planned: Planned, *, say: Callable[[str], None], pack: bool = False) -> dict[str, Weighed | TareError]:
    """By image ID: every current image of the plan, weighed or the reason why not. With `pack` the engine packs what was never packed."""
    named = {image.id: job for job in planned.jobs if (image := planned.images.get(job.image)) and not job.error}
    tare = planned.project.settings.tare
    told = weigh.weigh(
        {image_id: image_id for image_id in named},
        tare=tare,
        engine=planned.engine,
        scanner=partial(scanner, planned.project, say),
    )
    weights = [weight for weight in told.values() if isinstance(weight, Weight)]
    downloads = download.learn(weights, engine=planned.engine, tare=tare, say=say, pack=pack)
    bases = base_layers.diff_ids((job.base for job in named.values() if job.base), tare, planned.engine.platform)
    return {
        image_id: one if isinstance(one, TareError) else Weighed(one, _base_layers(one, named[image_id], bases), downloads.get(image_id))
        for image_id, one in told.items()
    }


def weigh_named(names: Sequence[str], project: Project, engine: Engine, *, say: Callable[[str], None], files: bool = False) -> list[Weight]:
    """Any images that the engine has, by name or ID; with `files` their tables of files too. `BadInput` for one that isn't there."""
    found = inspect(names)
    for name in names:
        if name not in found:
            own = name.startswith(f"{project.settings.prefix}/")
            raise BadInput(f"there is no image {name}", hint="Run `invoke build-all`" if own else "`docker image ls` names those that are there")
    told = weigh.weigh({name: name for name in names}, tare=project.settings.tare, engine=engine, scanner=partial(scanner, project, say), files=files)
    weights = []
    for name in names:
        one = told[name]
        if isinstance(one, TareError):
            raise one
        weights.append(one)
    return weights


def scanner(project: Project, say: Callable[[str], None]) -> Base:
    """The base that the scan runs in, made now where it is still missing. `BaseUnavailable` where it can't be had."""
    from tareweight.scale.beside import SCANNER

    found = resolve.resolve([SCANNER], settings=project.settings, mode=project.settings.bases)
    if found.pending:
        require_buildx()
        make_bases(found, project, say)
    return found[SCANNER]


def _base_layers(weight: Weight, job: Job, bases: Mapping[str, tuple[str, ...]]) -> int | None:
    """How many layers the base has; none for an image on scratch."""
    if job.base is None:
        return 0
    ids = bases.get(job.base.reference)
    return None if ids is None else of_base(weight.layers, ids)


def measure(planned: Planned, weighed: Mapping[str, Weighed | TareError]) -> list[Measured]:
    """What is known of each target now: its weight, the last verdict, and what is out of date."""
    return [_measured(job, planned.images.get(job.image), weighed, planned.project.settings.tare) for job in planned.jobs]


def _measured(job: Job, image: Image | None, weighed: Mapping[str, Weighed | TareError], tare: Path) -> Measured:
    target = job.target
    failed = job.error or failures.before(tare, job)
    told = verdict.load(tare, image.id, target) if image and not failed else None
    state = "failed" if failed else "missing" if image is None else "stale" if job.stale else "fresh"
    usable = image if image and not failed else None
    found = weighed.get(usable.id) if usable else None
    why = failed or {"missing": "no image: run `invoke build-all`", "stale": job.stale, "fresh": ""}[state]
    if isinstance(found, TareError):
        why = str(found)
    if told and told.failures:
        why = "; ".join(verdict.reasons(told.failures)[:2])
    on_scale = found if isinstance(found, Weighed) else None
    return Measured(
        app=target.app.name,
        variant=target.variant,
        baseline=target.app.baseline,
        image=job.image,
        image_id=usable.id if usable else None,
        base=job.base.reference if job.base else job.labels.get(f"{OCI}.base.name", ""),
        base_source=job.base.source if job.base else "",
        stand_in=job.base.stand_in if job.base else "",
        weight=on_scale.weight if on_scale else None,
        tare=on_scale.tare if on_scale else None,
        download=on_scale.download if on_scale else None,
        layers=usable.layers if usable else None,
        user=_user(usable.user) if usable else "",
        first_answer=told.first_answer if told else None,
        check=_check_word(failed, told),
        check_ok=told.ok if told else (False if failed else None),
        locked=told.lock_word if told else "",
        reason=why,
        state=state,  # type: ignore[arg-type]
    )


def _user(configured: str) -> str:
    """The user that the image runs as, without its group; root where none is set."""
    user = configured.partition(":")[0]
    return "root" if user in {"", "0"} else user


def _check_word(failed: str, told: Verdict | None) -> str:
    if failed:
        return "failed"
    if told is None or told.total == 0:
        return "unchecked"
    return f"{'ok' if told.ok else 'failed'} {told.passed}/{told.total}"


def one_target(project: Project, variant: str = "") -> Target:
    """The only chosen target, or the only one of `variant`. `BadInput` where --app and --variant leave several, or none."""
    chosen = [read.target for read in project.reads if variant in {"", read.target.variant}]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise BadInput(f"--variant: unknown variant '{one_line(variant)}'", hint=nearest(variant, {read.target.variant for read in project.reads}))
    names = ", ".join(target.name for target in chosen[:6])
    more = ", ..." if len(chosen) > 6 else ""
    raise BadInput(f"one image is wanted, and {len(chosen)} are chosen ({names}{more})", hint="Give --app and --variant")


def entries(planned: Planned, weighed: Mapping[str, Weighed | TareError]) -> dict[str, lock.Entry]:
    """What a baseline keeps of each target, by name. A target that can't be weighed, or whose image is missing or out of date, has none."""
    from tareweight import lock

    found = {}
    for job in planned.jobs:
        image = planned.images.get(job.image)
        one = weighed.get(image.id) if image else None
        if isinstance(one, Weighed) and not job.stale:
            found[job.target.name] = lock.entry(one.weight, one.download)
    return found


def budgets(planned: Planned, weighed: Mapping[str, Weighed | TareError], then: Mapping[str, lock.Entry]) -> list[budget.Result]:
    """Every chosen target against its limits."""
    return [_budget(job, planned.images.get(job.image), weighed, then) for job in planned.jobs]


def _budget(job: Job, image: Image | None, weighed: Mapping[str, Weighed | TareError], then: Mapping[str, lock.Entry]) -> budget.Result:
    from tareweight import budget

    target = job.target
    one = weighed.get(image.id) if image else None
    if isinstance(one, Weighed) and not job.error and not job.stale:
        return budget.Result(target.app.name, target.variant, budget.judge(target.limits, one.weight, one.download, then.get(target.name)))
    why = job.error or (str(one) if isinstance(one, TareError) else _not_current(job) if image else "no image: run `invoke build-all`")
    return budget.Result(target.app.name, target.variant, budget.unweighed(target.limits, why), weighed=False)


def _not_current(job: Job) -> str:
    return f"the image is out of date ({job.stale}): run `invoke build-all`"


def weigh_target(project: Project, target: Target, *, say: Callable[[str], None]) -> tuple[Weight, datetime]:
    """The weight of a target's image as it is, and when the image was made. `BadInput` where there is none."""
    name = image_name(project.settings, target)
    image = inspect([name]).get(name)
    if image is None:
        raise BadInput(f"there is no image {name}", hint="Run `invoke build-all`")
    return weigh_named([image.id], project, connect(), say=say)[0], _when(image.created)


def _when(created: str) -> datetime:
    """An image may say that it was made at no time: then the epoch."""
    try:
        return datetime.strptime(created[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return datetime.fromtimestamp(0, tz=timezone.utc)


def two_images(project: Project, app: str, old: str, new: str) -> tuple[str, str]:
    """The names of two images to be compared: of variants where `app` is given or is the project's only one, else `old` and `new`. `BadInput`."""
    app = app or _only_app(project, old, new)
    if not app:
        if not old or not new:
            raise BadInput("two images are wanted", hint="Give --app, --from and --to with two variants, or --from and --to with two images")
        return old, new
    targets = {read.target.variant: read.target for read in project.reads}
    if not new:
        raise BadInput("--to: missing", hint=f"Give a variant of {app}: {', '.join(targets)}")
    chosen = []
    for option, variant in (("--from", old or next(iter(targets.values())).app.baseline), ("--to", new)):
        if variant not in targets:
            raise BadInput(f"{option}: {app} has no variant '{one_line(variant)}'", hint=nearest(variant, targets))
        chosen.append(image_name(project.settings, targets[variant]))
    return chosen[0], chosen[1]


def _only_app(project: Project, old: str, new: str) -> str:
    """The one app of the project, if what is to be compared are variants of it; else empty."""
    apps = {read.target.app.name for read in project.reads}
    variants = {read.target.variant for read in project.reads}
    return apps.pop() if len(apps) == 1 and {old or new, new} <= variants else ""


def difference_of(names: tuple[str, str], project: Project, *, say: Callable[[str], None]) -> difference.Difference:
    """What changed from one image to the other, files of the same length compared byte by byte. `BadInput` for an image that isn't there."""
    from tareweight import difference
    from tareweight.scale import same

    tare, engine = project.settings.tare, connect()
    old, new = weigh_named(names, project, engine, say=say, files=True)
    try:
        old_files, new_files = _tables(old, new, tare)
    except Corrupt:
        for one in (old, new):
            kept.table(tare, one.image_id).unlink(missing_ok=True)
        old, new = weigh_named(names, project, engine, say=say, files=True)
        old_files, new_files = _tables(old, new, tare)
    paths = difference.candidates(old_files, new_files)
    changed = same.changed(old.image_id, new.image_id, paths, tare=tare, engine=engine, scanner=partial(scanner, project, say))
    return difference.between(old, new, old_files, new_files, changed, names)


def _tables(old: Weight, new: Weight, tare: Path) -> tuple[dict[str, FileRow], dict[str, FileRow]]:
    from tareweight.scale import files

    return files.read(kept.table(tare, old.image_id)), files.read(kept.table(tare, new.image_id))


def explanation(project: Project, variant: str, *, say: Callable[[str], None]) -> Explanation:
    """One image of a project that has been narrowed to one app, explained beside its siblings. `BadInput` where there is no such image."""
    from tareweight.advice import advise
    from tareweight.report.explanation import Explanation

    target = one_target(project, variant)
    planned = make_plan(project)
    weighed = weigh_all(planned, say=say)
    jobs = {job.target.variant: job for job in planned.jobs if job.image in planned.images}
    if target.variant not in jobs:
        raise BadInput(f"there is no image of {target.name}", hint="Run `invoke build-all`")
    found = {name: weighed.get(planned.images[job.image].id) for name, job in jobs.items()}
    mine = found[target.variant]
    if not isinstance(mine, Weighed):
        raise mine or TareError(f"{target.name} can't be weighed")
    told = {name: verdict.load(project.settings.tare, planned.images[job.image].id, job.target) for name, job in jobs.items()}
    passed = {name for name, one in told.items() if one and one.ok}
    siblings = {name: one.weight for name, one in found.items() if isinstance(one, Weighed) and name in passed - {target.variant}}
    locked = mine_told.lock_word if (mine_told := told[target.variant]) else ""
    case = replace(case_of(planned, jobs[target.variant], mine, siblings, say=say), locked=locked)
    return Explanation(
        name=image_name(project.settings, target),
        weight=mine.weight,
        dockerfile=os.path.relpath(target.dockerfile, project.settings.root),
        lines=case.lines,
        base=case.base,
        base_layers=mine.base_layers,
        tare=mine.tare,
        download=mine.download,
        locked=locked,
        stale=jobs[target.variant].stale,
        advice=advise(case),
    )


def case_of(planned: Planned, job: Job, mine: Weighed, siblings: Mapping[str, Weight], *, say: Callable[[str], None]) -> Case:
    """All that advice looks at. Where the base can't be looked at, nothing is said of what was brought on top of it."""
    from tareweight.advice import Case
    from tareweight.context import ignore_file, sent
    from tareweight.dockerfile import instructions
    from tareweight.scale import base
    from tareweight.scale.instructions import dockerfile_lines

    project, target = planned.project, job.target
    tare, scan = project.settings.tare, partial(scanner, project, say)
    text = target.dockerfile.read_text(encoding="utf-8", errors="replace")
    ignore = ignore_file(target.app.context, target.dockerfile)
    # An image that was built on another base than today's stands on none that is known.
    standing = mine.base_layers if mine.base_layers or not job.base else None
    base_files: Mapping[str, FileRow] | None = None if job.base else {}
    if job.base and standing:
        try:
            base_files = base.table(job.base, tare=tare, engine=planned.engine, scanner=scan)
        except TareError as error:
            say(f"no advice on what is on top of the base: {error}")
    return Case(
        mine.weight,
        lines=tuple(dockerfile_lines(mine.weight.layers, text)),
        siblings=siblings,
        base_layers=standing,
        files=_table(mine.weight, project, planned.engine, say=say),
        base_files=base_files,
        instructions=instructions(text),
        base=job.base.reference if job.base else "scratch",
        sent=sent(target.app.context, ignore),
        ignore_file=os.path.relpath(ignore, project.settings.root) if ignore else ".dockerignore",
    )


def _table(weight: Weight, project: Project, engine: Engine, *, say: Callable[[str], None]) -> dict[str, FileRow]:
    """An image's table of files, made anew where it can't be read. `TareError` where that doesn't help."""
    from tareweight.scale import files

    file = kept.table(project.settings.tare, weight.image_id)
    try:
        return files.read(file)
    except Corrupt:
        file.unlink(missing_ok=True)
        weigh_named([weight.image_id], project, engine, say=say, files=True)
    try:
        return files.read(file)
    except Corrupt as error:
        raise TareError(f"the table of files can't be read: {error}") from error
