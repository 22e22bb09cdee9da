"""How a line of several tasks is run: `build-all compare` shows its table when a target has failed, and then most of all."""

from __future__ import annotations

from typing import Any

import invoke
from invoke import Exit

TARGET_FAILED = 1


class Executor(invoke.Executor):
    """Invoke's executor, but a task that ends with 1 (a target failed) doesn't keep the next ones from running; the line ends with 1 then."""

    def execute(self, *tasks: Any) -> dict[Any, Any]:
        """Run `tasks` one after another; any other exit code than 1 ends the line at once."""
        if not tasks:
            return super().execute()
        results: dict[Any, Any] = {}
        failed = False
        for task in tasks:
            try:
                results.update(super().execute(task))
            except Exit as left:
                if left.code != TARGET_FAILED:
                    raise
                failed = True
        if failed:
            raise Exit(code=TARGET_FAILED)
        return results
