"""`python -m benchmarks.weigh_once IMAGE...`: weigh the images as `compare` does, with nothing kept from before, on either side."""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path


def main() -> int:
    """The command line. Ends with 1 where an image can't be weighed."""
    from tareweight import weighing
    from tareweight.engine.client import connect
    from tareweight.errors import TareError
    from tareweight.project import Wishes, open_project
    from tareweight.scale.weigh import weigh

    project = open_project(Wishes())
    with tempfile.TemporaryDirectory(prefix="tareweight-bench-") as folder:
        told = weigh(
            {name: name for name in sys.argv[1:]},
            tare=Path(folder) / ".tare",
            engine=connect(),
            scanner=partial(weighing.scanner, project, print),
            no_cache=True,
        )
    errors = [one for one in told.values() if isinstance(one, TareError)]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
