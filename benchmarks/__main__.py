"""Measure, print the table, and write docs/benchmarks.md and docs/benchmarks-scale.md. Ends with 0 whether or not the goals are met."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import builds, document, plans, weights
from benchmarks.timing import Failed

_SIZES = (250, 500, 1000)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the short measures (default 7)")
    parser.add_argument("--cold-rounds", type=int, default=2, help="rounds of what takes long: cold builds, syft, all images (default 2)")
    parser.add_argument("--skip-cold", action="store_true", help="leave the cold builds out")
    parser.add_argument("--only", choices=("builds", "scale"), help="measure only that; the other document stays as it is")
    parser.add_argument("--docs", type=Path, default=builds.ROOT / "docs", help="the folder of benchmarks.md and benchmarks-scale.md")
    given = parser.parse_args()
    if given.rounds < 1 or given.cold_rounds < 1:
        parser.error("a round at least")
    table: list[document.Row] = []
    try:
        bake = builds.ready()
        if given.only != "scale":
            with tempfile.TemporaryDirectory(prefix="tareweight-bench-") as folder:
                planned = plans.measure(Path(folder), _SIZES, given.rounds)
            runs = builds.measure(bake, idle_rounds=given.rounds, cold_rounds=0 if given.skip_cold else given.cold_rounds)
            rows = document.of_builds(runs, planned)
            (given.docs / "benchmarks.md").write_text(document.builds(rows, runs, planned), encoding="utf-8")
            table += rows
        if given.only != "builds":
            weighings = weights.measure(rounds=given.rounds, long_rounds=given.cold_rounds)
            rows = document.of_scale(weighings)
            (given.docs / "benchmarks-scale.md").write_text(document.scale(rows, weighings), encoding="utf-8")
            table += rows
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    for row in table:
        print(f"{row.measure:<52} {row.against:<46} {row.shown:>8} of {row.goal:g}  {'met' if row.met else 'NOT MET'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
