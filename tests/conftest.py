"""What all tests share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables that the user or CI set are not the tests' own."""
    for name in ("TAREWEIGHT_BASES", "TAREWEIGHT_JOBS", "TAREWEIGHT_PREFIX", "SOURCE_DATE_EPOCH"):
        monkeypatch.delenv(name, raising=False)
