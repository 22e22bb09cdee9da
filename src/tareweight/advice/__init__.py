"""A weight -> what would make the image smaller or safer, and by how much. Pure: nothing here asks the engine.

Each kind of advice is a function that looks at one `Case` and says nothing where it has nothing to offer. docs/numbers.md says what each
number stands for; tests/test_advice_engine.py follows each on an image, and weighs what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tareweight.advice import copied, later, left, packages, programs, safer, stages
from tareweight.advice.case import Advice, Case

__all__ = ["RULES", "Advice", "Case", "advise"]

RULES: tuple[Callable[[Case], Iterator[Advice]], ...] = (
    stages.multi_stage, stages.smaller_base, packages.recommended, left.removed, left.caches, later.ownership, later.later, programs.strip,
    copied.ignore, copied.bound, packages.docs, safer.secrets, safer.user, safer.setuid,
)  # fmt: skip


def advise(case: Case) -> list[Advice]:
    """All advice for the image, what saves most first. The savings overlap: a smaller base also leaves the base's caches behind."""
    found = [advice for rule in RULES for advice in rule(case)]
    return sorted(found, key=lambda advice: (-advice.saves, advice.kind))
