"""What an app's build makes, as files and without an image: the Dockerfile's stage `artifact`, put out by BuildKit itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tareweight import store
from tareweight.build import run
from tareweight.build.command import fields, ingredients
from tareweight.build.plan import Job, Read
from tareweight.build.progress import Event, Progress
from tareweight.engine.client import Engine, require_buildx
from tareweight.errors import BadInput, Interrupted, TareError
from tareweight.project import Project, make_bases, make_plan
from tareweight.settings import Settings
from tareweight.work.choice import only_app

STAGE = "artifact"
HOW = f"Add a stage to its Dockerfile, before the last one: `FROM scratch AS {STAGE}` and `COPY --from=build /what/was/built /`"


@dataclass(frozen=True)
class Exported:
    """What lies in the folder now. `size` is in bytes, links not counted; `outward` are the links that lead out of it, with where they lead."""

    job: Job
    folder: Path
    files: int
    size: int
    outward: tuple[tuple[str, str], ...]


def export(project: Project, out: str, *, say: Callable[[str], None], tell: Callable[[Event], None]) -> Exported:
    """Build the stage `artifact` of the first chosen variant that has one, and put its files into the folder `out`, all or none.

    The folder must be empty or not there yet. `BadInput` where it is neither, or no Dockerfile has the stage.
    """
    folder = _free(out)
    planned = make_plan(replace(project, reads=[_with_artifact(project)]), make=partial(make_bases, project=project, say=say))
    job = planned.jobs[0]
    if job.error:
        raise TareError(f"{job.target.name}: {job.error}")
    require_buildx()
    with _beside(folder, out) as made:
        _build(job, made, planned.engine, project.settings, tell)
        found = _account(job, folder, made)
        if not found.files:
            raise TareError(f"{job.target.dockerfile}: the stage {STAGE} holds no files")
        try:
            made.rename(folder)
        except OSError as error:
            raise TareError(f"--out {out}: {error.strerror}", hint="It was empty a moment ago; try again with another folder") from error
    return found


def _free(out: str) -> Path:
    """The folder as an absolute path. `BadInput` unless it is empty or can be made."""
    if not out or "\0" in out:
        raise BadInput("--out: missing", hint="Name the folder for the artifact, as in --out build/artifact")
    try:
        folder = Path(out).expanduser().resolve()
        if folder.is_dir() and any(folder.iterdir()):
            raise BadInput(f"--out {out}: isn't empty", hint="Name a folder that is, or one that isn't there yet")
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, ~nobody
        raise BadInput(f"--out {out}: {getattr(error, 'strerror', None) or error}") from error
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"--out {out}: is a file", hint="Name a folder")
    if folder == Path.cwd() or folder.is_mount():
        raise BadInput(f"--out {out}: can't be replaced by the artifact's folder", hint="Name a folder in it")
    if not all(above.is_dir() for above in folder.parents if above.exists()):
        raise BadInput(f"--out {out}: lies below a file", hint="Name a folder")
    return folder


def _with_artifact(project: Project) -> Read:
    """The first chosen Dockerfile with the stage, cut off behind it: a build of the stage needs no other bases."""
    app = only_app(project)
    for read in project.reads:
        if read.dockerfile and (cut := read.dockerfile.until(STAGE)):
            return replace(read, dockerfile=cut)
    if broken := next((read.error for read in project.reads if read.error), ""):
        raise TareError(broken)
    names = ", ".join(read.target.dockerfile.name for read in project.reads)
    raise BadInput(f"{app} has nothing to export: no stage {STAGE} in {names}", hint=HOW)


@contextmanager
def _beside(folder: Path, out: str) -> Iterator[Path]:
    """A folder on the same file system, to be renamed; what is left of it is removed. `BadInput` where none can be made."""
    above = next(path for path in folder.parents if path.is_dir())
    with ExitStack() as stack:
        try:
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=above, ignore_cleanup_errors=True))
            made = Path(place) / "artifact"
            made.mkdir()
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"--out {out}: can't be made: {error.strerror}", hint="Name a folder that you may write to") from error
        yield made


def _build(job: Job, made: Path, engine: Engine, settings: Settings, tell: Callable[[Event], None]) -> None:
    """Build the stage into `made`. `TareError` with BuildKit's reason."""
    name = job.target.name
    log = settings.tare / "logs" / job.target.app.name / f"{job.target.variant}.{STAGE}.log"
    store.write_text(log, "")
    words = ["docker", "buildx", "build", "--builder", engine.builder, "--progress", "rawjson", "--target", STAGE]
    words += ["--output", fields("type=local", f"dest={made}"), *ingredients(job, settings)]
    builds, progress = run.Builds(), Progress(name)
    try:
        with log.open("w", encoding="utf-8", errors="replace") as said:
            running = builds.start(words, said)
            assert running is not None
            assert running.stderr is not None
            tell(Event(name, "begin", STAGE))
            for line in running.stderr:
                for event in progress.feed(line, said):
                    tell(event)
            code = running.wait()
    except KeyboardInterrupt:
        builds.cancel()
        raise Interrupted("interrupted: the build was cancelled, and nothing is exported") from None
    if code:
        failed = run.Outcome(job, "failed", failure=progress.failure(), log=log)
        raise TareError(f"{name}: {run.reason(failed)}", hint=f"Whole log: {log}")


def _account(job: Job, folder: Path, made: Path) -> Exported:
    """Count what was built, following no link."""
    files = size = 0
    outward = []
    for place, folders, names in os.walk(made):
        for name in folders + names:
            path = Path(place) / name
            if path.is_symlink():
                to = path.readlink()
                files += 1
                if to.is_absolute() or not Path(os.path.normpath(path.parent / to)).is_relative_to(made):
                    outward.append((str(path.relative_to(made)), str(to)))
            elif name in names:
                files += 1
                size += path.lstat().st_size
    return Exported(job, folder, files, size, tuple(sorted(outward)))
