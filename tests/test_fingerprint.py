"""What an image is made of, and what is said to have changed."""

from __future__ import annotations

import json

import pytest

from tareweight import fingerprint

PARTS = {"Dockerfile": "a" * 64, "source": "b" * 64, "base golang:1.24": "c" * 64, "platform": "d" * 64}


def test_any_part_changes_the_fingerprint() -> None:
    hashes = {fingerprint.of({**PARTS, name: "e" * 64}) for name in PARTS}
    assert len(hashes | {fingerprint.of(PARTS)}) == len(PARTS) + 1
    assert fingerprint.of(dict(reversed(PARTS.items()))) == fingerprint.of(PARTS)


def test_what_changed_is_told_in_words() -> None:
    built = fingerprint.label(PARTS)
    assert len(built) < 200
    assert fingerprint.changed(built, {**PARTS, "Dockerfile": "e" * 64}) == "Dockerfile changed"
    assert fingerprint.changed(built, {**PARTS, "source": "e" * 64, "base golang:1.24": "e" * 64}) == "source, base golang:1.24 changed"
    assert fingerprint.changed(built, {**PARTS, "base alpine:3.23": "e" * 64}) == "base alpine:3.23 changed"
    assert fingerprint.changed(built, {name: value for name, value in PARTS.items() if not name.startswith("base")}) == "bases changed"


@pytest.mark.parametrize("label", ["", "[]", "null", "1", "{", json.dumps(["x"]), json.dumps({"\x1b[2J": "x"}), json.dumps({"Dockerfile": ["x"]})])
def test_what_a_stranger_wrote_there_is_not_told(label: str) -> None:
    told = fingerprint.changed(label, PARTS)
    assert told.endswith(" changed")
    assert "\x1b" not in told
