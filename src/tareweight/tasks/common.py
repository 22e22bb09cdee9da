"""What every task needs: words for its options, and the one boundary at which errors become a line and an exit code."""

from __future__ import annotations

import functools
import gc
import signal
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import invoke
from invoke import Argument, Exit

from tareweight import console
from tareweight.errors import BadInput, TareError

Task = TypeVar("Task", bound=Callable[..., Any])
HELP = {
    "app": "only this app",
    "variant": "only this variant",
    "set": "build argument K=V for every Dockerfile that declares K",
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
    "builder": "any buildx builder (default: the engine's own)",
    "platform": "build for these platforms, as in linux/amd64,linux/arm64 (with --push)",
    "cache-from": "take steps from this cache, as buildx writes it; {app} and {variant} are filled in",
    "cache-to": "keep steps in this cache",
    "push": "push what passes its checks and budgets to --registry",
    "registry": "where to push: HOST[:PORT]/PATH",
    "baseline": "compare with this variant",
    "sort": "app, size, ratio, download, packages, layers or first-answer",
    "format": "table, markdown, csv or json",
    "against": "show what changed since a baseline: a file, or a git revision that has tareweight.lock.json",
    "wide": "every column, however wide",
    "download": "let the engine pack what it never packed, to learn what a pull transfers",
}
MATRIX = ("app", "variant")
BUILD = (*MATRIX, "set", "bases", "nearest-base")
FLEET = ("builder", "platform", "cache-from", "cache-to", "push", "registry")


class _Task(invoke.Task[Any]):
    """A task whose options leave -h to help and -- to what follows the options, and which refuses an option without its value."""

    def arg_opts(self, name: str, default: Any, taken_names: set[str]) -> dict[str, Any]:
        """Invoke's own choice of a short form, from all letters but h."""
        return super().arg_opts(name, default, {*taken_names, "h", "-", "_"})

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Invoke's own arguments; lists say that they are, and begin as not given: to Invoke an empty one would be a value."""
        arguments: list[Argument] = super().get_arguments(ignore_unknown_help)
        for argument in arguments:
            if argument.kind is list:
                argument.raw_value = None
                argument.help = f"{argument.help} (repeatable)"
        return arguments


task = functools.partial(invoke.task, klass=_Task)
"""Invoke's decorator, for tasks as they should be."""


def options(*names: str) -> dict[str, str]:
    """Invoke's help for the options `names`."""
    return {name: HELP[name] for name in names}


def guarded(body: Task) -> Task:
    """The one boundary: every error becomes one line and an exit code, Ctrl-C becomes 130."""

    @functools.wraps(body)
    def inner(*args: Any, **kwargs: Any) -> Any:
        # A terminating signal cancels builds and checks as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # What is loaded by now stays until the end: a collection that doesn't look at it takes a twentieth off a run with nothing to do.
        gc.freeze()
        try:
            if args[0].config.run.dry:
                raise BadInput("-R (--dry): these tasks don't run their commands through Invoke", hint="`invoke build-all --dry-run` says what would be built")
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


