from __future__ import annotations

import pytest
from invoke import Collection, Context, Exit, task
from invoke.config import Config

from tareweight.executor import Executor


def ran(*codes: int) -> tuple[int, list[int]]:
    """What a line of tasks that end with `codes` ends with, and which of them ran."""
    seen: list[int] = []

    def ending(code: int) -> object:
        def body(_c: Context) -> None:
            seen.append(code)
            if code:
                raise Exit(code=code)

        body.__doc__ = "Ends."
        return body

    tasks = Collection(**{f"task-{at}": task(ending(code)) for at, code in enumerate(codes)})
    try:
        Executor(tasks, config=Config()).execute(*(f"task-{at}" for at in range(len(codes))))
    except Exit as left:
        return left.code, seen
    return 0, seen


@pytest.mark.parametrize(
    ("codes", "end", "count"),
    [
        ((0, 0), 0, 2),
        ((1, 0), 1, 2),
        ((4, 0), 4, 2),
        ((0, 4), 4, 2),
        ((1, 4), 1, 2),
        ((4, 1, 0), 1, 3),
        ((4, 4), 4, 2),
        ((2, 0), 2, 1),
        ((4, 2, 0), 2, 2),
        ((1, 3), 3, 2),
        ((130, 4), 130, 1),
    ],
)
def test_a_line_ends_with_the_gravest_verdict(codes: tuple[int, ...], end: int, count: int) -> None:
    assert ran(*codes) == (end, list(codes[:count]))
