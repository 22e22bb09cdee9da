"""What every task needs: words for its options, and the one boundary at which errors become a line and an exit code."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from invoke import Exit

from tareweight import console
from tareweight.errors import TareError

Task = TypeVar("Task", bound=Callable[..., Any])
HELP = {
    "app": "only this app (repeatable)",
    "variant": "only this variant (repeatable)",
    "set": "build argument K=V for every Dockerfile that declares K (repeatable)",
    "bases": "where bases come from: auto, upstream or debian",
    "nearest-base": "take the nearest version of a base that can't be had",
    "tag": "also tag <variant>-TAG; 'git' is the commit's short id",
    "jobs": "how many at once (default: tareweight.toml, else 16)",
    "no-cache": "build every step anew",
    "force": "build what is up to date too",
    "pull": "ask registries and mirrors for newer bases",
    "fail-fast": "cancel the rest after the first failure",
    "dry-run": "only say what would be built, and why",
    "no-verify": "don't run the checks on what was built",
    "baseline": "compare with this variant",
    "sort": "app, size, ratio, download, packages, layers or first-answer",
    "format": "table, markdown, csv or json",
    "against": "show what changed since a baseline: a file, or a git revision that has tareweight.lock.json",
    "wide": "every column, however wide",
    "download": "let the engine pack what it never packed, to learn what a pull transfers",
}
MATRIX = ("app", "variant")
BUILD = (*MATRIX, "set", "bases", "nearest-base")


def options(*names: str) -> dict[str, str]:
    """Invoke's help for the options `names`."""
    return {name: HELP[name] for name in names}


def guarded(body: Task) -> Task:
    """The one boundary: every error becomes one line and an exit code, Ctrl-C becomes 130."""

    @functools.wraps(body)
    def inner(*args: Any, **kwargs: Any) -> Any:
        # A terminating signal cancels builds and checks as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return body(*args, **kwargs)
        except TareError as error:
            console.error(str(error))
            raise Exit(code=error.exit_code) from None
        except KeyboardInterrupt:
            console.error("interrupted")
            raise Exit(code=130) from None
        except BrokenPipeError:
            raise Exit(code=141) from None
        except OSError as error:
            # A full disk, a folder that may not be written: the file is in the error's own words.
            console.error(str(error))
            raise Exit(code=1) from None

    return inner  # type: ignore[return-value]


def wishes(app: Iterable[str] = (), variant: Iterable[str] = (), set_: Iterable[str] = (), **rest: Any) -> Any:
    """The user's choice of targets, as every task takes it."""
    from tareweight.project import Wishes

    return Wishes(apps=tuple(app), variants=tuple(variant), sets=tuple(set_), **rest)


