"""Which packages only a recommendation brought, held against apt's own word in tests/test_advice_engine.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan.recommends import only_recommended
from tareweight.scale.scan.tree import Tree

Lay = Callable[..., Path]


def package(name: str, *fields: str, state: str = "installed") -> str:
    return "\n".join([f"Package: {name}", f"Status: install ok {state}", "Version: 1", "Architecture: all", *fields]) + "\n\n"


def automatic(*names: str) -> str:
    return "".join(f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n\n" for name in names)


def found(lay: Lay, status: str, states: str) -> list[str]:
    return only_recommended(Tree(str(lay({"var/lib/dpkg/status": status, "var/lib/apt/extended_states": states}))))


def test_what_nothing_needs_came_by_recommendation(lay: Lay) -> None:
    status = package("app", "Depends: lib (>= 1.2), other | virtual", "Recommends: extra, manual") + package("lib", "Pre-Depends: deep:any")
    status += package("deep") + package("real", "Provides: virtual (= 1)") + package("extra", "Depends: more") + package("more") + package("manual")
    assert found(lay, status, automatic("lib", "deep", "real", "extra", "more")) == ["extra", "more"]


def test_what_is_left_of_a_package_that_is_gone_was_needed_once(lay: Lay) -> None:
    status = package("app") + package("left") + package("gone", "Depends: left", state="config-files")
    assert found(lay, status, automatic("left")) == []


def test_recommended_and_needed_is_needed(lay: Lay) -> None:
    status = package("app", "Recommends: both") + package("tool", "Depends: both") + package("both")
    assert found(lay, status, automatic("both")) == []


def test_a_circle_of_recommendations_ends(lay: Lay) -> None:
    status = package("app", "Recommends: one") + package("one", "Depends: two", "Recommends: app") + package("two", "Depends: one")
    assert found(lay, status, automatic("one", "two")) == ["one", "two"]


@pytest.mark.parametrize(
    ("status", "states"),
    [("", ""), (package("app"), ""), ("", automatic("app")), ("\0 Package\n: x\n\n:::\n", "Auto-Installed: 1\n\n\n")],
)
def test_no_databases_no_answer(lay: Lay, status: str, states: str) -> None:
    assert found(lay, status, states) == []
