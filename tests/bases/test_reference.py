"""Names as people write them."""

from __future__ import annotations

import pytest

from tareweight.bases.reference import Tag, familiar, read_tag, registry, split


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("golang:1.24", "golang:1.24"),
        ("docker.io/library/golang:1.24", "golang:1.24"),
        ("docker.io/golang", "golang"),
        ("index.docker.io/library/alpine:latest", "alpine"),
        ("library/alpine", "alpine"),
        ("docker.io/somebody/tool:latest", "somebody/tool"),
        ("gcr.io/distroless/base-debian13:latest", "gcr.io/distroless/base-debian13"),
        ("localhost:5000/golang:1.24", "localhost:5000/golang:1.24"),
        ("alpine:latest-not", "alpine:latest-not"),
    ],
)
def test_familiar(written: str, shown: str) -> None:
    assert familiar(written) == shown


@pytest.mark.parametrize(
    ("name", "halves"),
    [
        ("golang", ("golang", "latest")),
        ("golang:1.24", ("golang", "1.24")),
        ("localhost:5000/golang", ("localhost:5000/golang", "latest")),
        ("gcr.io/distroless/static:nonroot", ("gcr.io/distroless/static", "nonroot")),
        ("golang:1.24@sha256:00", ("golang", "")),
    ],
)
def test_split(name: str, halves: tuple[str, str]) -> None:
    assert split(name) == halves


@pytest.mark.parametrize(("name", "host"), [("golang", "docker.io"), ("somebody/tool", "docker.io"), ("gcr.io/x/y", "gcr.io"), ("localhost/x", "localhost")])
def test_registry(name: str, host: str) -> None:
    assert registry(name) == host


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("1.24", Tag("1.24", "", "")),
        ("1.24-bookworm", Tag("1.24", "bookworm", "")),
        ("3.13-slim-bookworm", Tag("3.13", "bookworm", "slim")),
        ("24-bookworm-slim", Tag("24", "bookworm", "slim")),
        ("24-alpine3.22", Tag("24", "", "alpine")),
        ("alpine", Tag("", "", "alpine")),
        ("latest", Tag("", "", "")),
        ("lts", Tag("lts", "", "")),
        ("debug-nonroot", Tag("", "", "debug-nonroot")),
        ("12", Tag("12", "", "")),
    ],
)
def test_read_tag(tag: str, parts: Tag) -> None:
    assert read_tag(tag) == parts


def test_a_number_is_a_release_only_for_debian() -> None:
    assert read_tag("12", is_debian=True) == Tag("", "bookworm", "")
