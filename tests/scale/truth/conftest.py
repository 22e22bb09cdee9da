"""What the tests of truth share: every app's images on two engines with different stores, weighed on both, and a registry between them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import pytest
from tests import machines

from tareweight import catalog, settings
from tareweight.bases.resolve import Base
from tareweight.engine import daemon
from tareweight.engine.client import connect
from tareweight.engine.install import find
from tareweight.errors import TareError
from tareweight.scale import beside, weigh
from tareweight.scale.weight import Weight

from . import tarballs
from .tarballs import Exported, Saved

ROOT = Path(__file__).parents[3]
PREFIX = f"tareweight-test-truth-{os.getpid()}"
GIVEN = dict(os.environ)
"""Read before any fixture: where bases come from is CI's to say."""
TARGETS = [target.name for target in catalog.discover(settings.read(ROOT))]
AT_ONCE = 3


@dataclass(frozen=True)
class Place:
    """An engine that has the images: by target their names there, and what they weigh. `host` is empty for the machine's own."""

    host: str
    names: dict[str, str]
    weights: dict[str, Weight | TareError]
    tare: Path

    def weight(self, target: str) -> Weight:
        """What a target weighs."""
        found = self.weights.get(target)
        assert isinstance(found, Weight), f"{target}: {found or 'not built'}"
        return found

    def docker(self, *words: str, code: int = 0) -> str:
        """What `docker` prints."""
        done = subprocess.run(["docker", *words], env=_environment(self.host), capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout.strip()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take `target` run for every variant of every app that the project has."""
    if "target" in metafunc.fixturenames:
        metafunc.parametrize("target", TARGETS)


@pytest.fixture(scope="session")
def built() -> Iterator[dict[str, str]]:
    """The name of each target's image, built under a prefix of the tests' own."""
    environment = {**GIVEN, "TAREWEIGHT_PREFIX": PREFIX}

    def invoke(*words: str) -> str:
        done = subprocess.run([sys.executable, "-m", "invoke", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    try:
        told = invoke("build-all", "--no-verify")
        names = {target: f"{PREFIX}/{target}" for target in TARGETS}
        there = subprocess.run(["docker", "image", "inspect", *names.values()], capture_output=True, check=False).returncode == 0
        assert there, told
        yield names
    finally:
        invoke("clean", *(word for target in TARGETS for word in ("--app", target.partition(":")[0])))


@pytest.fixture(scope="session")
def home(built: dict[str, str], scanner: Callable[[], Base], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The machine's own engine, which built the images."""
    return _weighed("", built, scanner, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry."""
    with machines.registry(tmp_path_factory.mktemp("registry") / "own") as address:
        yield address


@pytest.fixture(scope="session")
def pushed(home: Place, address: str) -> Iterator[dict[str, str]]:
    """The name of each target's image in the registry, where the first engine has pushed it; the biggest first, which takes longest."""
    built = home.names
    names = {target: f"{address}/{target}" for target in sorted(built, key=lambda target: -home.weight(target).layered)}

    def push(target: str) -> None:
        for words in (["tag", built[target], names[target]], ["push", "--quiet", names[target]]):
            subprocess.run(["docker", "image", *words], capture_output=True, check=True)

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(push, names))
        yield names
    finally:
        subprocess.run(["docker", "image", "rm", *names.values()], capture_output=True, check=False)


@pytest.fixture(scope="session")
def other(pushed: dict[str, str], scanner: Callable[[], Base], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An engine of the tests' own with the other image store, which has pulled the images from the registry."""
    if os.geteuid() != 0 or not find("dockerd"):
        pytest.skip("starting a second engine needs root and dockerd")
    root = tmp_path_factory.mktemp("second")
    layout = daemon.private(root, config={"features": {"containerd-snapshotter": connect().store == "classic"}})
    daemon.start(root, lambda _: None, layout)
    try:
        base = beside.context_of(scanner()).removeprefix("docker-image://")
        with streamed("", "save", base) as image:
            subprocess.run(["docker", "load"], stdin=image, env=_environment(layout.host), capture_output=True, check=True)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: _pull(layout.host, name), pushed.values()))
        yield _weighed(layout.host, pushed, scanner, tmp_path_factory.mktemp("other"))
    finally:
        daemon.stop(root, lambda _: None, layout)


@pytest.fixture(scope="session")
def classic(request: pytest.FixtureRequest) -> Place:
    """The one of the two with the classic store."""
    return _with_store(request, "classic")


@pytest.fixture(scope="session")
def containerd(request: pytest.FixtureRequest) -> Place:
    """The one of the two with containerd's store."""
    return _with_store(request, "containerd")


@pytest.fixture(scope="session")
def saved(classic: Place) -> dict[str, Saved]:
    """What `docker save` has of each target. (With containerd's store, engine 26 leaves out most of what several names stand for.)"""
    with streamed(classic.host, "save", *classic.names.values()) as stream:
        found = tarballs.saved(stream)
    return {target: found[name] for target, name in classic.names.items()}


Export = Callable[[Place, str], Exported]


@pytest.fixture(scope="session")
def exported() -> Export:
    """`exported(place, target)`: what `docker export` has of a container of the target; each is asked for once."""

    @cache
    def one(host: str, name: str) -> Exported:
        with container(host, name) as made, streamed(host, "export", made) as stream:
            return tarballs.exported(stream)

    return lambda place, target: one(place.host, place.names[target])


@contextmanager
def container(host: str, image: str) -> Iterator[str]:
    """A container that is never started, for as long as the block lasts."""
    environment = _environment(host)
    made = subprocess.run(["docker", "create", image, "x"], env=environment, capture_output=True, text=True, check=True).stdout.strip()
    try:
        yield made
    finally:
        subprocess.run(["docker", "rm", "--force", made], env=environment, capture_output=True, check=True)


@contextmanager
def streamed(host: str, *words: str) -> Iterator[IO[bytes]]:
    """What `docker` writes, while it does; nothing goes to a disk."""
    with subprocess.Popen(["docker", *words], env=_environment(host), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout
        process.stdout.read()
    assert process.returncode == 0


@contextmanager
def engine_at(host: str) -> Iterator[None]:
    """Everything in the block talks to the engine at `host`."""
    with pytest.MonkeyPatch.context() as patch:
        if host:
            patch.setenv("DOCKER_HOST", host)
        yield


def _with_store(request: pytest.FixtureRequest, store: str) -> Place:
    place = request.getfixturevalue("home" if connect().store == store else "other")
    assert isinstance(place, Place)
    return place


def _weighed(host: str, names: dict[str, str], scanner: Callable[[], Base], tare: Path) -> Place:
    with engine_at(host):
        weights = weigh.weigh(names, tare=tare, engine=connect(), scanner=scanner, files=True, no_cache=True)
    return Place(host, names, weights, tare)


def _pull(host: str, name: str) -> None:
    subprocess.run(["docker", "pull", "--quiet", name], env=_environment(host), capture_output=True, check=True)


def _environment(host: str) -> dict[str, str]:
    return {**os.environ, **({"DOCKER_HOST": host} if host else {})}


def bytes_of(place: Place, targets: Sequence[str]) -> dict[str, bytes]:
    """Every file that weighing left of these targets, by its name."""
    ids = [place.weight(target).image_id.partition(":")[2] for target in targets]
    return {file.name: file.read_bytes() for image_id in ids for file in (place.tare / "weights").glob(f"{image_id}*")}
