"""Measure, print the table, write docs/benchmarks.md. Ends with 0 whether or not the goals are met: the document says which are."""

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
    parser.add_argument("--cold-rounds", type=int, default=2, help="rounds of the cold builds (default 2)")
    parser.add_argument("--skip-cold", action="store_true", help="leave the cold builds out")
    parser.add_argument("--out", type=Path, default=builds.ROOT / "docs" / "benchmarks.md", help="where the document goes")
    given = parser.parse_args()
    if given.rounds < 1 or given.cold_rounds < 1:
        parser.error("a round at least")
    try:
        with tempfile.TemporaryDirectory(prefix="tareweight-bench-") as folder:
            planned = plans.measure(Path(folder), _SIZES, given.rounds)
        runs = builds.measure(builds.ready(), idle_rounds=given.rounds, cold_rounds=0 if given.skip_cold else given.cold_rounds)
        weighings = weights.measure(rounds=given.rounds, long_rounds=given.cold_rounds)
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    table = document.rows(runs, planned, weighings)
    given.out.write_text(document.render(table, runs, planned, weighings), encoding="utf-8")
    for row in table:
        print(f"{row.measure:<52} {row.against:<46} {row.shown:>8} of {row.goal:g}  {'met' if row.met else 'NOT MET'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
