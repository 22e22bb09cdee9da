"""Jobs -> Outcomes: one `docker buildx build` for each stale target, under a bounded pool that keeps going."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tareweight import store
from tareweight.build import failures
from tareweight.build.builder import context_words
from tareweight.build.command import ENVIRONMENT, archive, argv
from tareweight.build.plan import Job
from tareweight.build.progress import Event, Failure, Progress
from tareweight.build.setup import Setup
from tareweight.engine.client import Engine
from tareweight.errors import Interrupted, TareError
from tareweight.process import run as run_command
from tareweight.settings import Settings

GRACE = 1.0
"""Seconds that a cancelled buildx has to end its build before it is killed."""


@dataclass(frozen=True)
class Outcome:
    """What came of one job: `state` is built, fresh, failed or cancelled; `seconds` of the build; `log` is the whole output.

    `image_id` is what buildx calls the image's digest: in a registry, where the builder pushed it, else on the engine.
    """

    job: Job
    state: str
    image_id: str = ""
    seconds: float = 0.0
    failure: Failure | None = None
    log: Path | None = None


class Builds:
    """The builds under way, so that one call can end them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self.cancelled = False

    def start(self, words: Sequence[str], log: IO[str]) -> subprocess.Popen[str] | None:
        """Start a command in a session of its own (a terminal's Ctrl-C must not reach it twice); None once cancelled."""
        with self._lock:
            if self.cancelled:
                return None
            running = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**os.environ, **ENVIRONMENT},
                start_new_session=True,
            )
            self._running.add(running)
            return running

    def ended(self, running: subprocess.Popen[str]) -> None:
        """Forget a command that is over."""
        with self._lock:
            self._running.discard(running)

    def cancel(self) -> None:
        """End every build: interrupt (buildx then cancels it in the daemon), and kill what is left after the grace."""
        with self._lock:
            self.cancelled = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGINT)
        end = time.monotonic() + GRACE
        for process in running:
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def run(
    jobs: Sequence[Job],
    *,
    engine: Engine,
    settings: Settings,
    at_once: int,
    source: Mapping[str, str],
    tell: Callable[[Event], None],
    no_cache: bool = False,
    fail_fast: bool = False,
    setup: Setup | None = None,
) -> list[Outcome]:
    """Build the stale jobs, `at_once` at a time, and answer for all of them in their order.

    Ctrl-C cancels what runs and raises `Interrupted`; `fail_fast` cancels the rest after the first failure.
    """
    builds = Builds()
    outcomes: dict[str, Outcome] = {}
    futures: dict[Future[Outcome], Job] = {}
    pool = ThreadPoolExecutor(max(1, at_once))
    try:
        for job in jobs:
            if job.error:
                outcomes[job.image] = Outcome(job, "failed", failure=Failure("", None, job.error, ()))
                tell(Event(job.target.name, "failed", job.error))
            elif not job.stale:
                outcomes[job.image] = Outcome(job, "fresh")
            else:
                futures[pool.submit(_build, job, builds, engine, settings, source, tell, no_cache, setup)] = job
        open_futures = set(futures)
        while open_futures:
            done, open_futures = wait(open_futures, return_when=FIRST_COMPLETED)
            for future in done:
                outcome = future.result()
                outcomes[outcome.job.image] = outcome
                if fail_fast and outcome.state == "failed":
                    builds.cancel()
    except KeyboardInterrupt:
        builds.cancel()
        raise Interrupted("interrupted: the builds under way were cancelled") from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    found = [outcomes[job.image] for job in jobs]
    for outcome in found:
        if outcome.failure:
            failures.keep(settings.tare, outcome.job, reason(outcome))
        elif outcome.state in {"built", "fresh"}:
            failures.forget(settings.tare, outcome.job)
    return found


def _build(
    job: Job,
    builds: Builds,
    engine: Engine,
    settings: Settings,
    source: Mapping[str, str],
    tell: Callable[[Event], None],
    no_cache: bool,
    setup: Setup | None,
) -> Outcome:
    name = job.target.name
    log = settings.tare / "logs" / job.target.app.name / f"{job.target.variant}.log"
    metadata = log.with_suffix(".metadata.json")
    store.write_text(log, "")
    metadata.unlink(missing_ok=True)
    progress = Progress(name)
    began = time.monotonic()
    with log.open("w", encoding="utf-8", errors="replace") as out:
        running = builds.start(argv(job, engine=engine, settings=settings, source=source, metadata=metadata, no_cache=no_cache, setup=setup), out)
        if running is None:
            return Outcome(job, "cancelled")
        tell(Event(name, "begin", job.stale))
        try:
            assert running.stderr is not None
            for line in running.stderr:
                for event in progress.feed(line, out):
                    tell(event)
            code = running.wait()
        finally:
            builds.ended(running)
    seconds = time.monotonic() - began
    if code == 0 and (failure := _brought(job, setup, archive(metadata))):
        tell(Event(name, "failed", failure.error, seconds))
        return Outcome(job, "failed", "", seconds, failure, log)
    if code == 0:
        told = store.read(metadata)
        image_id = str(told.get("containerimage.digest", "")) if isinstance(told, dict) else ""
        tell(Event(name, "done", job.image, seconds))
        return Outcome(job, "built", image_id, seconds, log=log)
    if builds.cancelled:
        return Outcome(job, "cancelled", seconds=seconds, log=log)
    failure = progress.failure()
    tell(Event(name, "failed", failure.error, seconds))
    return Outcome(job, "failed", "", seconds, failure, log)


def _brought(job: Job, setup: Setup | None, file: Path) -> Failure | None:
    """Bring the image here from an archive, or from another engine, where no name of it stays; why that failed, if it did."""
    if setup is None or not (setup.rewrite or setup.builder.engine_elsewhere):
        return None
    from tareweight.build.lend import carry

    there = context_words(setup.builder)
    try:
        if setup.rewrite:
            run_command(["docker", "image", "load", "--quiet", "--input", str(file)], timeout=600)
            file.unlink()
            return None
        carry(job.tags, there, ["docker"])
        run_command([*there, "image", "rm", *job.tags], timeout=60, check=False)
    except TareError as error:
        return Failure("", None, str(error), ())
    return None


def reason(outcome: Outcome) -> str:
    """One line on a failure: file and line, step, BuildKit's words, and what to do where that is known."""
    failure = outcome.failure
    if failure is None:
        return ""
    if not failure.step and failure.line is None:
        said = failure.error
    else:
        place = f"{outcome.job.target.dockerfile.name}:{failure.line}" if failure.line else outcome.job.target.dockerfile.name
        said = f"{place}: {failure.step + ': ' if failure.step else ''}{failure.error}"
    if "no space left on device" in said or any("no space left on device" in line for line in failure.output):
        said += " (the disk is full: `docker system df` shows what can go, `docker builder prune` frees the build cache)"
    return said
