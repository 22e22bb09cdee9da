"""The only module that prints. Results go to stdout; progress, notes and errors to stderr."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tareweight.errors import clean

if TYPE_CHECKING:
    from tareweight.build.progress import Event
    from tareweight.build.run import Outcome

WIDTH = 100
"""Characters of a step's name in a line of progress; the log has all of it."""

_lock = threading.Lock()


def out(text: str) -> None:
    """A result of ours, for people and pipes."""
    verbatim(_named(text))


def verbatim(text: str) -> None:
    """A document or a stranger's line, which nothing is changed in; for nobody where standard output was closed from the start (`>&-`)."""
    print(text, end="" if text.endswith("\n") else "\n", flush=True)


def step(title: str, lines: Sequence[str], *, pause: bool) -> None:
    """A page of the demo; with `pause` the next one waits for Enter."""
    from textwrap import wrap

    pieces = partial(wrap, width=WIDTH, break_on_hyphens=False)
    out("\n".join(["", *pieces(f"== {title}", subsequent_indent="   "), *(piece for line in lines for piece in pieces(line))]))
    if pause:
        sys.stderr.write("-- Enter --")
        sys.stderr.flush()
        if not sys.stdin.readline():
            raise KeyboardInterrupt


def job_summary(markdown: Callable[[], str]) -> None:
    """In a GitHub Actions job, append a page to its summary; elsewhere nothing is even rendered."""
    if name := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(name).open("a", encoding="utf-8") as summary:
            summary.write(markdown() + "\n")


def say(text: str) -> None:
    """A line of progress or a note."""
    if sys.stderr is None:  # closed from the start (`2>&-`)
        return
    with _lock:
        sys.stderr.write(clean(_named(text)) + "\n")
        sys.stderr.flush()


def _named(text: str) -> str:
    """`text` with the tasks called as this one was: `./invoke x` by this repository's wrapper, `tare x` elsewhere."""
    if Path(sys.argv[0]).name == "tare":
        return text.replace("`invoke ", "`tare ")
    return text.replace("`invoke ", "`./invoke ") if Path("invoke").is_file() else text


def error(text: str) -> None:
    """The one line of an error, on one line whatever it quotes."""
    say(f"tareweight: {' '.join(text.split())}")


def progress(event: Event) -> None:
    """The plain view of a build: a line for each step that starts and ends. A live view would take its place here."""
    seconds = f"  {event.seconds:.1f} s" if event.seconds is not None else ""
    word = {"begin": "build", "start": "start", "end": "end  ", "cached": "cache", "done": "DONE ", "failed": "FAIL "}.get(event.kind, event.kind)
    text = " ".join(event.text.split())
    text = f"{text[:WIDTH]}…" if len(text) > WIDTH and event.kind in {"start", "end", "cached"} else text
    say(f"{event.target:<24} {word} {text}{seconds}")


def failures(outcomes: Sequence[Outcome]) -> None:
    """Every failed build: the step, its line, the end of its output, and where the whole log is."""
    from tareweight.build.run import reason

    for outcome in outcomes:
        if outcome.failure:
            say(f"\n{outcome.job.target.name}: {reason(outcome)}")
            for line in outcome.failure.output:
                say(f"    {line}")
            if outcome.log:
                say(f"    whole log: {outcome.log}")


def summary(outcomes: Sequence[Outcome]) -> None:
    """One line on what came of all builds."""
    counts = {state: sum(outcome.state == state for outcome in outcomes) for state in ("built", "fresh", "failed", "cancelled")}
    words = {"built": "built", "fresh": "up to date", "failed": "failed", "cancelled": "cancelled"}
    say(", ".join(f"{count} {words[state]}" for state, count in counts.items() if count) or "nothing to build")
