"""requirements.lock, which ./invoke installs with plain pip."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parent.parent / "requirements.lock"


def pinned() -> list[Requirement]:
    lines = LOCK.read_text(encoding="utf-8").splitlines()
    return [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum()]


def test_every_package_is_pinned_with_the_extras_that_others_ask_for() -> None:
    """Older versions of pip take `coverage[toml]` for another requirement than `coverage`, and refuse a lock that pins only the second."""
    extras = {canonicalize_name(one.name): one.extras for one in pinned() if one.marker is None or one.marker.evaluate()}
    asked = 0
    for name, mine in extras.items():
        for text in _requires(name):
            wanted = Requirement(text)
            if wanted.extras and any(wanted.marker is None or wanted.marker.evaluate({"extra": extra}) for extra in ("", *mine)):
                asked += 1
                assert wanted.extras <= extras[canonicalize_name(wanted.name)], f"{name} asks for {text}"
    assert asked, "no package asks for an extra any more: this test proves nothing"


def test_every_pin_is_exact() -> None:
    assert all([one.operator for one in each.specifier] == ["=="] for each in pinned())


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # for another Python or platform
        return []
