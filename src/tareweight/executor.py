"""How a line of several tasks is run: `build-all compare` shows its table when a target has failed, and then most of all."""

from __future__ import annotations

from typing import Any

import invoke
from invoke import Exit

from tareweight.errors import OverBudget, TareError

VERDICTS = (TareError.exit_code, OverBudget.exit_code)
"""Codes that judge images rather than say that there is no going on, the gravest first."""


class Executor(invoke.Executor):
    """Invoke's executor, but a task that ends with one of `VERDICTS` doesn't keep the next ones from running.

    The line ends with the gravest: where a target failed, 4 would tell a script that puts up with a budget that all else is well.
    """

    def execute(self, *tasks: Any) -> dict[Any, Any]:
        """Run `tasks` one after another; any exit code that isn't in `VERDICTS` ends the line at once."""
        if not tasks:
            return super().execute()
        results: dict[Any, Any] = {}
        codes: list[int] = []
        for task in tasks:
            try:
                results.update(super().execute(task))
            except Exit as left:
                if left.code not in VERDICTS:
                    raise
                codes.append(left.code)
        if codes:
            raise Exit(code=min(codes, key=VERDICTS.index))
        return results
