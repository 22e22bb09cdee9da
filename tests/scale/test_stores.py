"""The scale on containerd's image store, and on a builder that fetches images from a registry: a second engine and a registry on 127.0.0.1."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests import machines

from tareweight.bases.resolve import Base
from tareweight.engine import daemon
from tareweight.engine.client import Engine, connect
from tareweight.engine.install import find
from tareweight.errors import TareError
from tareweight.scale import beside, naming, same, weigh
from tareweight.scale.weight import Weight

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0 or not find("dockerd"), reason="starting a second engine needs root and dockerd"),
]

Scanner = Callable[[], Base]
CONTAINERD = {"features": {"containerd-snapshotter": True}}
PREFIX = f"tareweight-test-stores-{os.getpid()}"
DOCKERFILE = """\
FROM scratch
ENV API_TOKEN=abc
WORKDIR /app
COPY big /app/
COPY small /app/big
COPY --chmod=4755 big /usr/bin/tool
USER 7
CMD ["/usr/bin/tool"]
"""


def docker(*words: str, host: str = "", stdin: bytes = b"") -> str:
    env = {**os.environ, **({"DOCKER_HOST": host} if host else {}), "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    return subprocess.run(["docker", *words], input=stdin, capture_output=True, check=True, env=env).stdout.decode().strip()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine of the tests' own, with containerd's image store."""
    root = tmp_path_factory.mktemp("second")
    layout = daemon.private(root, config=CONTAINERD)
    daemon.start(root, lambda _: None, layout)
    try:
        yield layout.host
    finally:
        daemon.stop(root, lambda _: None, layout)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image on the first engine: two files in the end, of 3,000,000 and 5 bytes, and 3,000,000 overwritten."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "big").write_bytes(os.urandom(3_000_000))
    (folder / "small").write_text("12345")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    name = f"{PREFIX}/one:1"
    docker("buildx", "build", "--tag", name, str(folder))
    yield name
    docker("image", "rm", name)


@pytest.fixture(scope="module")
def there(second: str, built: str, scanner: Scanner) -> str:
    """The second engine, to which the image and the scanner's base have been copied."""
    base = beside.context_of(scanner()).removeprefix("docker-image://")
    for name in (base, built):
        with subprocess.Popen(["docker", "save", name], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "load"], stdin=saved.stdout, env={**os.environ, "DOCKER_HOST": second}, capture_output=True, check=True)
    return second


@pytest.fixture
def local(engine: Engine, scanner: Scanner, built: str, tmp_path: Path) -> Weight:
    """What the image weighs on the first engine."""
    found = weigh.weigh({"it": built}, tare=tmp_path / "local", engine=engine, scanner=scanner)["it"]
    assert isinstance(found, Weight)
    return found


def test_size_is_the_same_on_both_stores(
    there: str, local: Weight, built: str, scanner: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", there)
    engine = connect()
    assert engine.store == "containerd"
    found = weigh.weigh({"it": built}, tare=tmp_path, engine=engine, scanner=scanner)["it"]
    assert isinstance(found, Weight)
    assert found.store == "containerd"
    assert found.size == local.size == 3_000_005
    assert replace(found.scan, blocks=0) == replace(local.scan, blocks=0)
    assert (found.config, found.secrets) == (local.config, local.secrets)
    assert [(one.diff_id, one.instruction) for one in found.layers] == [(one.diff_id, one.instruction) for one in local.layers]
    assert local.waste == 3_000_000
    # In disk blocks, those of the folders that more than one layer has included.
    assert 3_000_000 <= found.waste <= 3_000_000 + 16 * 4096
    assert weigh.weigh({"it": found.image_id}, tare=tmp_path, engine=engine, scanner=scanner)["it"] == found


def test_other_platforms_and_images_without_a_name(there: str, scanner: Scanner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", there)
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").write_text("123")
    archive = subprocess.run(["tar", "-C", root, "-c", "."], capture_output=True, check=True).stdout
    other = docker("import", "--platform", "linux/arm64", "-", stdin=archive)
    here = docker("import", "-", stdin=archive)
    engine = connect()
    names = {"other": other, "here": here, "missing": f"{PREFIX}/missing:1"}
    found = weigh.weigh(names, tare=tmp_path, engine=engine, scanner=scanner)
    assert isinstance(found["missing"], TareError)
    for key in ("other", "here"):
        told = found[key]
        assert isinstance(told, Weight)
        assert (told.size, told.platform) == (3, "linux/arm64" if key == "other" else engine.platform)
        assert docker("image", "inspect", "--format", "{{.Id}} {{.RepoTags}}", names[key]) == f"{names[key]} []"
    assert same.changed(other, here, ["/file", "/none"], tare=tmp_path, engine=engine, scanner=scanner) == ["/none"]
    assert naming.PREFIX not in docker("image", "ls", "--all")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """The address of a registry on 127.0.0.1."""
    with machines.registry(tmp_path / "registry") as address:
        yield address


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(1 << 16):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


class BuildKit(socketserver.ThreadingUnixStreamServer):
    """Lets buildx's remote driver talk to the BuildKit in the engine at `engine`, where it stands behind an upgrade of HTTP."""

    def __init__(self, place: Path, engine: str) -> None:
        self.engine = engine
        super().__init__(str(place), Talk)


class Talk(socketserver.BaseRequestHandler):
    server: BuildKit

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(self.server.engine)
            engine.sendall(b"POST /grpc HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += engine.recv(1)
            back = threading.Thread(target=pump, args=(engine, self.request))
            back.start()
            pump(self.request, engine)
            with contextlib.suppress(OSError):
                engine.shutdown(socket.SHUT_RDWR)
            back.join()


@pytest.fixture
def builder(second: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The second engine's BuildKit as a named builder with buildx's remote driver."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    engine = second.removeprefix("unix://")
    place = Path(engine).with_name("buildkit.sock")
    with BuildKit(place, engine) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        docker("buildx", "create", "--name", "tareweight-second", "--driver", "remote", f"unix://{place}")
        yield "tareweight-second"
        server.shutdown()
        thread.join()
    place.unlink()


def test_a_named_builder_fetches_the_image_from_its_registry(
    registry: str, builder: str, built: str, local: Weight, engine: Engine, scanner: Scanner, tmp_path: Path
) -> None:
    pushed = {"image": f"{registry}/one:1", "scanner": f"{registry}/scanner:1"}
    docker("tag", built, pushed["image"])
    docker("tag", beside.context_of(scanner()).removeprefix("docker-image://"), pushed["scanner"])
    try:
        remote = Base(beside.SCANNER, "debian", "", f"docker-image://{pushed['scanner']}")
        asked = {"tare": tmp_path, "engine": engine, "scanner": lambda: remote, "builder": builder, "no_cache": True}
        error = weigh.weigh({"it": local.image_id}, **asked)["it"]  # type: ignore[arg-type]
        assert "is in no registry that the builder tareweight-second could fetch it from" in str(error)
        for name in pushed.values():
            docker("push", "--quiet", name)
        found = weigh.weigh({"it": pushed["image"]}, **asked)["it"]  # type: ignore[arg-type]
        assert isinstance(found, Weight), found
        assert replace(found, scan=replace(found.scan, blocks=0)) == replace(local, scan=replace(local.scan, blocks=0))
    finally:
        docker("image", "rm", *pushed.values())
