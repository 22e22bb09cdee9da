"""Which engine is meant, and what it says of itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tareweight.engine import endpoint
from tareweight.engine.endpoint import Endpoint
from tareweight.engine.layout import Layout

EngineOn = Callable[..., AbstractContextManager[None]]
NEW = "26.1.5"


def test_docker_host_comes_before_contexts(staged: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint.endpoint() == Endpoint(staged.host, "default")
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:2375")
    assert endpoint.endpoint() == Endpoint("tcp://far:2375", "DOCKER_HOST")
    assert not endpoint.endpoint().ours


@pytest.mark.usefixtures("staged")
def test_the_current_context_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text('{"currentContext": "far"}', encoding="utf-8")
    assert endpoint.endpoint() == Endpoint(endpoint.NOWHERE, "context far")
    meta = tmp_path / "contexts/meta" / hashlib.sha256(b"far").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text('{"Endpoints": {"docker": {"Host": "ssh://me@far"}}}', encoding="utf-8")
    assert str(endpoint.endpoint()) == "ssh://me@far (context far)"
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert endpoint.endpoint().ours


def test_a_socket_that_answers_nonsense_is_no_engine(staged: Layout, engine_on: EngineOn) -> None:
    with engine_on(staged.socket):
        with pytest.raises(ValueError, match="null"):
            endpoint.ask(staged.socket, "/nothing")
        assert endpoint.version_at(Endpoint(staged.host, "default")) == NEW
    assert endpoint.version_at(Endpoint(staged.host, "default")) is None


def test_an_engine_by_tcp_is_asked_through_the_command(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = short / "docker"
    monkeypatch.setenv("PATH", f"{short}:{os.environ['PATH']}")
    for body, expected in ((f"echo {NEW}", NEW), ("exit 1", None)):
        docker.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        docker.chmod(0o755)
        assert endpoint.version_at(Endpoint("tcp://far:1", "DOCKER_HOST")) == expected
    docker.write_text("#!/bin/sh\necho permission denied >&2; exit 1\n", encoding="utf-8")
    with pytest.raises(PermissionError):
        endpoint.version_at(Endpoint("npipe://x", "default"))
