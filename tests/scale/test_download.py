"""What a pull transfers: told by the store, by a registry, or packed by the engine into a registry that keeps nothing."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests import machines
from tests.making import weight as making_weight

from tareweight import store
from tareweight.engine.client import Engine, Image, inspect
from tareweight.process import CommandFailed, run
from tareweight.scale import download, naming, sink
from tareweight.scale.download import learn, transferred
from tareweight.scale.weight import Weight

from .conftest import Import, docker
from .truth.registry import manifest
from .truth.registry import transferred as pulled

INDEX = "application/vnd.oci.image.index.v1+json"
ONE = json.dumps({"config": {"size": 10}, "layers": [{"size": 200}, {"size": 3000}]}).encode()
HERE = "linux/amd64"
OLD = Engine("26.1.5+dfsg1", HERE, "default")
NEW = Engine("29.8.2", HERE, "default")


def index(*platforms: str) -> bytes:
    """An index with an entry for each platform; its digest is the platform too."""
    entries = [{"digest": one, "platform": dict(zip(("os", "architecture"), one.split("/"), strict=True))} for one in platforms]
    return json.dumps({"manifests": entries}).encode()


def weighed(name: str, *, stored_in: str = "containerd") -> Weight:
    return making_weight(1, name=name, store=stored_in)


# What a manifest says ---------------------------------------------------------------------------------------------------


def test_a_manifest_counts_itself_its_configuration_and_its_layers() -> None:
    assert transferred(ONE, HERE, lambda _: pytest.fail("there is nothing to fetch")) == len(ONE) + 3210


def test_an_index_counts_itself_and_one_platform() -> None:
    whole = index("linux/arm64", HERE, "unknown/unknown")
    asked: list[str] = []

    def fetch(digest: str) -> bytes:
        asked.append(digest)
        return ONE

    assert transferred(whole, HERE, fetch) == len(whole) + len(ONE) + 3210
    assert asked == [HERE]


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"1", b"{}", b'{"config": {"size": 1}}', b'{"config": 1, "layers": []}', b'{"manifests": [1]}', index("linux/arm64")]
)
def test_what_is_no_image_for_the_platform_has_no_bytes(text: bytes) -> None:
    with pytest.raises(ValueError, match="no "):
        transferred(text, HERE, lambda _: ONE)


# What the store says ----------------------------------------------------------------------------------------------------


def told(*, size: int = 5000, media: str = INDEX, platform: str = HERE, **changed: object) -> dict[str, Any]:
    """The engine's answer to `?manifests=1`, as 28.5 gives it."""
    system, _, architecture = platform.partition("/")
    image = {
        "Kind": "image",
        "Available": True,
        "Size": {"Content": size, "Total": 9 * size},
        "ImageData": {"Platform": {"os": system, "architecture": architecture}},
        **changed,
    }
    attestation = {"Kind": "attestation", "Available": True, "Size": {"Content": 7, "Total": 7}}
    return {"Descriptor": {"mediaType": media, "size": 855}, "Manifests": [attestation, image]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (told(), 5855),
        (told(media="application/vnd.oci.image.manifest.v1+json"), 5000),
        (told(media="application/vnd.docker.distribution.manifest.list.v2+json"), 5855),
        (told(platform="linux/arm64"), None),
        (told(Available=False), None),
        ({}, None),
        ({"Manifests": 1}, None),
        (None, None),
    ],
)
def test_newer_engines_tell_what_is_packed_by_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: object, expected: int | None) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    monkeypatch.setattr(download, "ask", lambda path, request: answer if (str(path), request.partition("?")[2]) == ("/nowhere.sock", "manifests=1") else None)
    one = weighed("one")
    assert learn([one], engine=NEW, tare=tmp_path, say=print, pack=False) == ({one.image_id: expected} if expected else {})


@pytest.mark.parametrize("host", ["unix:///nowhere.sock", "ssh://far"])
def test_an_engine_that_cannot_be_asked_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert learn([weighed("one")], engine=NEW, tare=tmp_path, say=print, pack=False) == {}
    assert not (tmp_path / "download.json").exists()


def test_older_engines_tell_it_as_the_size_of_an_image_and_are_asked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one, gone = weighed("one"), weighed("gone")
    asked: list[list[str]] = []

    def images(names: list[str]) -> dict[str, Image]:
        asked.append(list(names))
        return {one.image_id: Image(one.image_id, (), (), {}, "", 1, HERE, (), size=77)}

    monkeypatch.setattr(download, "inspect", images)
    for _ in range(2):
        assert learn([one, gone], engine=OLD, tare=tmp_path, say=print, pack=False) == {one.image_id: 77}
    assert asked == [[one.image_id, gone.image_id], [gone.image_id]]


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"images": {}}', '{"images": [], "blobs": {}, "port": 1}', '{"images": {"a": 1}, "blobs": {}, "port": "x"}'])
def test_what_is_kept_is_not_trusted_when_corrupt(tmp_path: Path, kept: str) -> None:
    (tmp_path / "download.json").write_text(kept)
    assert learn([weighed("one", stored_in="classic")], engine=OLD, tare=tmp_path, say=print, pack=False) == {}


def test_sizes_that_are_none_are_passed_over(tmp_path: Path) -> None:
    images = [weighed(name, stored_in="classic") for name in "abcd"]
    sizes = dict(zip((one.image_id for one in images), (5, -1, True, "7"), strict=True))
    store.write(tmp_path / "download.json", {"images": sizes, "blobs": {}, "port": 99999})
    assert learn(images, engine=OLD, tare=tmp_path, say=print, pack=False) == {images[0].image_id: 5}


# A registry that keeps nothing ------------------------------------------------------------------------------------------


@pytest.fixture
def listening() -> Iterator[sink.Sink]:
    with sink.listening(0, {"sha256:" + "a" * 64: 12}) as one:
        yield one


def request(there: sink.Sink, method: str, path: str, body: Any = None, **more: Any) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", there.server_address[1], timeout=10)
    line.request(method, path, body, **more)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer


@pytest.mark.parametrize("chunked", [False, True])
def test_a_push_is_counted_and_nothing_of_it_kept(listening: sink.Sink, chunked: bool) -> None:
    digest = "sha256:" + "b" * 64
    assert request(listening, "GET", "/v2/").status == 200
    assert request(listening, "HEAD", f"/v2/x/blobs/{digest}").status == 404
    place = str(request(listening, "POST", "/v2/x/blobs/uploads/").headers["Location"])
    body = iter([b"x" * 1_500_000, b"y" * 1_500_000]) if chunked else b"x" * 3_000_000
    answer = request(listening, "PATCH", place, body, encode_chunked=chunked, headers={"Transfer-Encoding": "chunked"} if chunked else {})
    assert (answer.status, answer.headers["Range"]) == (202, "0-2999999")
    assert request(listening, "PUT", f"{place}?digest={digest}", b"z").status == 201
    assert request(listening, "HEAD", f"/v2/x/blobs/{digest}").headers["Content-Length"] == "3000001"
    assert request(listening, "PUT", "/v2/x/manifests/tag", ONE).status == 201
    assert list(listening.manifests.values()) == [ONE, ONE]
    assert listening.uploads == {}


def test_what_was_counted_before_is_there(listening: sink.Sink) -> None:
    assert request(listening, "HEAD", f"/v2/any/blobs/sha256:{'a' * 64}").headers["Content-Length"] == "12"
    assert request(listening, "GET", f"/v2/any/blobs/sha256:{'a' * 64}").status == 404
    assert request(listening, "PUT", "/elsewhere", b"x").status == 404


def test_who_speaks_tls_is_told_that_it_is_http(listening: sink.Sink) -> None:
    with socket.create_connection(listening.server_address, timeout=10) as line:  # type: ignore[arg-type]
        line.sendall(b"\x16\x03\x01\x00\x05hello\r\n\r\n")
        assert line.recv(5) == b"HTTP/", "clients go on without TLS when they read this"


def test_a_taken_port_is_no_hindrance(listening: sink.Sink) -> None:
    with sink.listening(listening.server_address[1], {}) as other:
        assert other.server_address[1] != listening.server_address[1]


# The engine packs -------------------------------------------------------------------------------------------------------


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    with machines.registry(tmp_path / "registry") as address:
        yield address


def on_scale(name: str, engine: Engine) -> Weight:
    """The least of a weight that a download asks for."""
    image = inspect([name])[name]
    return Weight(image.id, image.platform, engine.store, making_weight().scan, (), making_weight().config)


def random(size: int) -> dict[str, bytes]:
    return {"file": os.urandom(size)}


Learn = Callable[..., Mapping[str, int]]


@pytest.fixture
def packing(engine: Engine, tmp_path: Path) -> Learn:
    """`packing("name", ...)`: downloads by name, packed where that has to be; `said` hears what is said."""

    def one(*names: str, said: list[str] | None = None) -> Mapping[str, int]:
        if engine.store != "classic":
            pytest.skip("this engine's store keeps layers packed")
        weights = {name: on_scale(name, engine) for name in names}
        found = learn([*weights.values()], engine=engine, tare=tmp_path / ".tare", say=(said if said is not None else []).append, pack=True)
        return {name: found[one.image_id] for name, one in weights.items() if one.image_id in found}

    return one


@pytest.mark.engine
def test_an_image_is_packed_once_and_leaves_no_name_behind(packing: Learn, imported: Import, registry: str) -> None:
    name = imported("one:1", random(1_000_000))
    said: list[str] = []
    first = packing(name, said=said)
    assert said == [f"packing {name} to learn its download"]
    assert packing(name, said=said) == first
    assert len(said) == 1, "it is remembered"
    assert docker("image", "inspect", "--format", "{{.RepoTags}} {{.RepoDigests}}", name) == f"[{name}] []"
    docker("tag", name, f"{registry}/one:1")
    try:
        docker("push", "--quiet", f"{registry}/one:1")
        assert first == {name: pulled(manifest(f"{registry}/one:1"))}
    finally:
        docker("image", "rm", f"{registry}/one:1")


@pytest.mark.engine
def test_a_layer_is_packed_once_for_all_images_that_have_it(packing: Learn, imported: Import, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    base = imported("base:1", random(1_000_000))
    docker("buildx", "build", "--builder", "default", "--provenance=false", "--tag", f"{prefix}/more:1", "-", stdin=f"FROM {base}\nWORKDIR /x\n".encode())
    uploaded: list[int] = []
    take = sink._Answer._take

    def counted(self: sink._Answer) -> tuple[int, bytes]:
        size, body = take(self)
        uploaded.append(size)
        return size, body

    monkeypatch.setattr(sink._Answer, "_take", counted)
    one = packing(base)[base]
    assert sum(uploaded) == one > 1_000_000
    uploaded.clear()
    more = packing(f"{prefix}/more:1")[f"{prefix}/more:1"]
    assert more > 1_000_000
    assert sum(uploaded) < 10_000, "what the first one packed is remembered by layer"


@pytest.mark.engine
def test_an_image_without_a_name_stays(packing: Learn, imported: Import) -> None:
    name = imported("nameless:1", random(1000))
    image_id = docker("image", "inspect", "--format", "{{.Id}}", name)
    docker("tag", name, f"{naming.PREFIX}/kept:{os.getpid()}")
    try:
        docker("image", "rm", name)
        naming.take_back([f"{naming.PREFIX}/kept:{os.getpid()}"])
        assert packing(image_id)[image_id] > 1000
        assert docker("image", "inspect", "--format", "{{.RepoTags}} {{.RepoDigests}}", image_id) == "[] []"
    finally:
        docker("image", "rm", "--force", image_id)


@pytest.mark.engine
def test_what_was_pushed_is_asked_of_its_registry(packing: Learn, imported: Import, registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = imported("pushed:1", random(100_000))
    docker("tag", name, f"{registry}/pushed:1")
    try:
        docker("push", "--quiet", f"{registry}/pushed:1")
        expected = pulled(manifest(f"{registry}/pushed:1"))
        with monkeypatch.context() as patch:
            patch.setattr(download, "_push", lambda *_, **__: pytest.fail("there is nothing to pack"))
            assert packing(name) == {name: expected}
        store.write(tmp_path / ".tare/download.json", {})
        # A registry that says something else isn't believed: the engine packs.
        real = run
        monkeypatch.setattr(download, "run", lambda words, **more: real([*words[:-1], "127.0.0.1:1/x"] if "imagetools" in words else words, **more))
        assert packing(name) == {name: expected}
    finally:
        docker("image", "rm", f"{registry}/pushed:1")


@pytest.mark.engine
def test_an_image_that_cannot_be_pushed_is_told_and_the_others_are_packed(packing: Learn, imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad, worse = (imported(f"{name}:1", random(1000)) for name in ("good", "bad", "worse"))
    ids = {docker("image", "inspect", "--format", "{{.Id}}", name) for name in (bad, worse)}
    broken: set[str] = set()

    def fails(words: list[str], **more: Any) -> Any:
        if words[2] == "tag" and words[3] in ids:
            broken.add(words[4])
        if words[2] == "push" and words[-1] in broken:
            raise CommandFailed(words, 1, "connection refused\x1b[31m")
        return run(words, **more)

    monkeypatch.setattr(download, "run", fails)
    said: list[str] = []
    assert list(packing(good, bad, worse, said=said)) == [good]
    assert said[-1] == f"the engine can't pack {bad}, {worse}: connection refused"
    assert subprocess.run(["docker", "image", "inspect", bad, worse], capture_output=True, check=False).returncode == 0


@pytest.mark.engine
def test_what_the_engine_pushes_is_checked(packing: Learn, imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    name = imported("odd:1", random(1000))
    monkeypatch.setattr(download, "transferred", lambda *_: transferred(b"{}", HERE, lambda _: b""))
    said: list[str] = []
    assert packing(name, said=said) == {}
    assert said[-1] == f"the engine can't pack {name}: what it pushed is no image"
