"""Tasks for a day's work around the images."""

from __future__ import annotations

import os
import sys
from typing import Any

from invoke import Context, Exit

from tareweight import console
from tareweight.tasks.common import BUILD, MATRIX, guarded, options, task, wishes


def _after_dashes() -> tuple[str, ...]:
    """The words after `--`. Invoke joins them with spaces, and what was one word is lost; so they are read where it read them."""
    return tuple(sys.argv[sys.argv.index("--") + 1 :]) if "--" in sys.argv else ()


def _one(app: str, variant: str) -> Any:
    from tareweight.project import open_project

    return open_project(wishes((app,) if app else (), (variant,) if variant else ()))


@task(help={**options(*MATRIX), "local": "without Docker, as [local] in app.toml says"})
@guarded
def run(_c: Context, app: str = "", variant: str = "", local: bool = False) -> None:
    """Run one image here, interactive on a terminal; words after `--` are its arguments."""
    from tareweight.errors import BadInput
    from tareweight.work import run as running

    if local and variant:
        raise BadInput("--variant names an image, and --local runs none", hint="Give one of the two")
    project, words = _one(app, variant), _after_dashes()
    status = running.run_local(project, words) if local else running.run(project, words, console.say)
    if status:
        raise Exit(code=status)


@task(iterable=["app"], help={**options(*MATRIX), "port": "on this port of 127.0.0.1 (one app; otherwise each gets a free one)"})
@guarded
def serve(_c: Context, app: Any = None, variant: str = "", port: str = "") -> None:
    """Serve the HTTP apps side by side on 127.0.0.1, with their logs, until Ctrl-C."""
    from tareweight.project import make_plan, open_project
    from tareweight.work import choice, terminal
    from tareweight.work import serve as serving

    wanted = terminal.port_number(port) if port else None
    project = open_project(wishes(app or (), (variant,) if variant else ()))
    choices = choice.choose(make_plan(project), console.say)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if not serving.serve(choices, port=wanted, named=bool(app), out=console.verbatim, say=console.say, colour=colour):
        raise Exit(code=1)


@task(help=options(*MATRIX))
@guarded
def shell(_c: Context, app: str = "", variant: str = "") -> None:
    """Open a shell in a running copy of an image, also of one that has none; words after `--` run in its place."""
    from tareweight.work import shell as looking

    status = looking.shell(_one(app, variant), _after_dashes(), console.say)
    if status:
        raise Exit(code=status)


@task(iterable=["set_"], help={**options(*BUILD), "out": "the folder for it: empty, or not there yet"})
@guarded
def export(_c: Context, app: str = "", variant: str = "", out: str = "", set_: Any = None, bases: str = "", nearest_base: bool = False) -> None:
    """Put what an app's build makes into a folder, without an image: its Dockerfile's stage `artifact`."""
    from tareweight.project import open_project
    from tareweight.report.text import size
    from tareweight.work import export as exporting

    wish = wishes((app,) if app else (), (variant,) if variant else (), set_ or (), bases=bases, nearest_base=nearest_base)
    done = exporting.export(open_project(wish), out, say=console.say, tell=console.progress)
    files = "1 file" if done.files == 1 else f"{done.files} files"
    console.out(f"{done.folder}: {files}, {size(done.size)}, by the stage artifact of {done.job.target.dockerfile.name}")
    for path, to in done.outward:
        console.say(f"{path} is a link to {to}, outside the folder")
