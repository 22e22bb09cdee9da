from __future__ import annotations

import base64
import io
import json

from tareweight.build.progress import Event, Progress


def line(**status: object) -> str:
    return json.dumps(status) + "\n"


def vertex(name: str, **more: object) -> dict[str, object]:
    return {"digest": name, "name": name, **more}


def feed(progress: Progress, *lines: str) -> tuple[list[Event], str]:
    log = io.StringIO()
    return [event for text in lines for event in progress.feed(text, log)], log.getvalue()


BEGAN, ENDED = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01.25Z"


def test_each_step_starts_and_ends_once() -> None:
    step = line(vertexes=[vertex("[1/2] COPY", started=BEGAN)])
    over = line(vertexes=[vertex("[1/2] COPY", started=BEGAN, completed=ENDED)])
    cached = line(vertexes=[vertex("[2/2] RUN", cached=True, started=BEGAN, completed=BEGAN)])
    inner = line(vertexes=[vertex("[internal] load", started=BEGAN, completed=ENDED)])
    events, _ = feed(Progress("t"), inner, step, step, over, over, cached, cached)
    assert [(event.kind, event.text, event.seconds) for event in events] == [
        ("start", "[1/2] COPY", None),
        ("end", "[1/2] COPY", 1.25),
        ("cached", "[2/2] RUN", None),
    ]


def test_objects_may_span_lines_with_text_between() -> None:
    pretty = json.dumps({"vertexes": [vertex("a", started=BEGAN)]}, indent=2).splitlines(keepends=True)
    events, log = feed(Progress("t"), "WARNING: x\n", *pretty, "\n", line(vertexes=[vertex("b", started=BEGAN)]))
    assert [event.text for event in events] == ["a", "b"]
    assert log == "WARNING: x\n"


def test_a_failure_is_the_root_one() -> None:
    progress = Progress("t")
    said = base64.b64encode(b"one\n\x1b[31mtwo\x1b[0m\n").decode()
    _, log = feed(
        progress,
        line(vertexes=[vertex("RUN other", started=BEGAN), vertex("RUN bad", started=BEGAN)]),
        line(logs=[{"vertex": "RUN bad", "data": said}, {"vertex": "unknown", "data": said}]),
        line(vertexes=[vertex("RUN other", error="context canceled"), vertex("RUN bad", error='process "x" did not\ncomplete: exit code: 3')]),
        "single.Dockerfile:7\n",
        "--------------------\n",
        "ERROR: failed to solve: x\n",
    )
    failure = progress.failure()
    assert (failure.step, failure.line, failure.output) == ("RUN bad", 7, ("one", "two"))
    assert failure.error == 'process "x" did not complete: exit code: 3'
    assert log.startswith("RUN bad: one\n")


def test_a_failure_before_any_step() -> None:
    progress = Progress("t")
    feed(progress, "x.Dockerfile:2\n", "ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: FRM\n")
    assert (progress.failure().step, progress.failure().line) == ("", 2)
    assert progress.failure().error.startswith("dockerfile parse error")
    assert Progress("t").failure().error == "buildx said nothing"


def test_only_the_end_of_the_output_is_kept() -> None:
    progress = Progress("t")
    said = base64.b64encode("".join(f"{n}\n" for n in range(100)).encode()).decode()
    feed(progress, line(vertexes=[vertex("a", started=BEGAN, error="x")]), line(logs=[{"vertex": "a", "data": said}]))
    assert progress.failure().output[-1] == "99"
    assert len(progress.failure().output) == 12
