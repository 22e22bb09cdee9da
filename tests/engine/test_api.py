"""What the engine answers, over its socket and by TCP."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator

import pytest
from tests import machines

from tareweight.engine import api
from tareweight.engine.client import Image, connect, history, image_store, inspect
from tareweight.engine.endpoint import Endpoint, Refused, endpoint
from tareweight.errors import EngineError


@pytest.fixture
def image() -> Iterator[str]:
    name = f"tareweight-test-api-{os.getpid()}/one:1"
    words = ["docker", "buildx", "build", "--builder", "default", "--quiet", "--provenance=false", "--tag", name, "-"]
    subprocess.run(words, input="FROM scratch\nCOPY <<A /a\nabc\nA\nLABEL x=y\nUSER 7\nEXPOSE 80\n", text=True, capture_output=True, check=True)
    yield name
    machines.docker("image", "rm", "-f", name)


def told(image: str) -> tuple[object, ...]:
    return connect(), image_store(), inspect([image, "tareweight-test-api/none", "UPPER", "-x", f"{image}@sha256:1"]), history(inspect([image])[image].id)


@pytest.mark.engine
def test_an_engine_by_tcp_tells_the_same(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one way has no SDK in it, the other is the SDK."""
    assert endpoint().socket
    here = told(image)
    with machines.by_tcp() as host, monkeypatch.context() as elsewhere:
        elsewhere.setenv("DOCKER_HOST", host)
        assert not endpoint().socket
        assert told(image) == here
        with pytest.raises(Refused, match="page not found") as refused:
            api.get("/nothing")
        assert refused.value.status == 404
    engine, _, images, layers = here
    assert str(engine).startswith("Docker Engine ")
    assert isinstance(images, dict)
    (one,) = images.values()
    assert isinstance(one, Image)
    assert (one.user, one.exposed, one.labels, one.layers) == ("7", ("80/tcp",), {"x": "y"}, 1)
    assert image in one.tags
    assert isinstance(layers, list)
    assert [text.partition(" ")[0] for _, text in layers] == ["COPY", "LABEL", "USER", "EXPOSE"]
    assert [bool(size) for size, _ in layers] == [True, False, False, False]


@pytest.mark.engine
def test_the_engine_says_no() -> None:
    with pytest.raises(Refused) as refused:
        api.get("/images/tareweight-test-api/none/json")
    assert refused.value.status == 404
    with pytest.raises(EngineError, match="No such image"):
        history("tareweight-test-api/none")


def test_no_engine_by_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:  # bound, and nobody listens
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(EngineError, match="doesn't answer"):
            connect()
        with pytest.raises(EngineError, match="doesn't tell of its images"):
            inspect(["x"])


@pytest.mark.usefixtures("staged")
def test_no_engine_at_all() -> None:
    with pytest.raises(EngineError, match="doesn't answer"):
        connect()
    assert inspect([]) == {}


@pytest.mark.usefixtures("staged")
def test_no_permission_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(api, "ask", denied)
    with pytest.raises(EngineError, match="no permission") as error:
        connect()
    assert "usermod -aG docker" in str(error.value)


@pytest.mark.usefixtures("staged")
def test_a_context_is_the_builder_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Endpoint("ssh://far", "context far").builder == "far"
    assert endpoint().builder == "default"
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    with pytest.raises(EngineError, match="there is no context far"):
        connect()
    monkeypatch.setenv("DOCKER_HOST", "tcp://far:1")
    assert endpoint().builder == "default"


@pytest.mark.parametrize("answer", [[], {}, {"Id": "sha256:1", "Config": [1]}, "x", 1])
@pytest.mark.usefixtures("staged")
def test_what_answers_like_no_engine_is_said(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    monkeypatch.setattr(api, "ask", lambda *_: answer)
    with pytest.raises(EngineError, match="what it says of x is no image"):
        inspect(["x"])
