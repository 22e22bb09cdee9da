"""A weight -> what would make the image smaller or safer, and by how much. Pure: nothing here asks the engine.

Each kind of advice is a function in `rules`; it looks at one `Case` and says nothing where it has nothing to offer.
"""

from __future__ import annotations

from tareweight.advice.case import Advice, Case
from tareweight.advice.rules import RULES

__all__ = ["Advice", "Case", "advise"]


def advise(case: Case) -> list[Advice]:
    """All advice for the image, what saves most first. The savings overlap: a smaller base also leaves the base's caches behind."""
    found = [advice for rule in RULES for advice in rule(case)]
    return sorted(found, key=lambda advice: (-advice.saves, advice.kind))
