"""Each finding in its good and its bad state, and what is to be done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tareweight.engine import doctor
from tareweight.engine.doctor import Finding, examine
from tareweight.engine.layout import Layout

EngineOn = Callable[..., AbstractContextManager[None]]
INFO = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]], "DockerRootDir": "/", "ServerVersion": "26.1.5"}


class Client:
    """What the SDK gives, as far as the doctor asks it."""

    def __init__(self, info: dict[str, Any] | Exception, registry: Exception | None = None) -> None:
        self._info = info
        self.api = SimpleNamespace(inspect_distribution=self._inspect)
        self._registry = registry
        self.closed = False

    def info(self) -> dict[str, Any]:
        if isinstance(self._info, Exception):
            raise self._info
        return self._info

    def _inspect(self, _: str) -> None:
        if self._registry is not None:
            raise self._registry

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def well(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_on: EngineOn) -> Callable[..., dict[str, Finding]]:
    """Examines a machine where all is well but for what is passed."""
    bundle = tmp_path / "ca.crt"
    bundle.write_text("", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setattr(doctor, "buildx_version", lambda: ((0, 13), "0.13.1"))
    monkeypatch.setattr(doctor, "buildx_path", lambda: Path("/plugins/docker-buildx"))
    monkeypatch.setattr(doctor, "missing_programs", list)
    monkeypatch.setattr(doctor, "find", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=50_000_000_000))

    def look(bases: str = "auto", *, info: Any = INFO, registry: Exception | None = None, version: str = "26.1.5") -> dict[str, Finding]:
        client = Client(info, registry)
        monkeypatch.setattr(doctor, "sdk", lambda _: client)
        with engine_on(staged.socket, version=version):
            return {finding.topic: finding for finding in examine(tmp_path, bases)}

    return look


Well = Callable[..., dict[str, Finding]]


def test_all_is_well(well: Well, staged: Layout) -> None:
    found = well()
    assert list(found) == ["engine", "store", "buildx", "disk", "CA bundle", "bases"]
    assert {finding.state for finding in found.values()} == {"ok"}
    assert not any(finding.do for finding in found.values())
    assert found["engine"].what == f"26.1.5 at {staged.host}"
    assert found["store"].what == "classic, overlay2"
    assert found["buildx"].what == "0.13.1 (/plugins/docker-buildx)"
    assert found["disk"].what == "50.0 GB free under /"
    assert found["bases"].what == "auto: the registry answers"


def test_no_engine_says_what_to_do(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "missing_programs", list)
    found = {finding.topic: finding for finding in examine(tmp_path, "auto")}
    assert found["engine"] == Finding("engine", "bad", f"installed, but {staged.host} doesn't answer", doctor.UP)
    assert {found[topic].state for topic in ("store", "disk", "bases")} == {"warn"}
    monkeypatch.setattr(doctor, "missing_programs", lambda: ["dockerd"])
    assert "missing: dockerd" in examine(tmp_path, "auto")[0].what


def test_an_engine_elsewhere_is_not_promised(staged: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{staged.socket}.far")
    engine = examine(tmp_path, "auto")[0]
    assert engine.state == "bad"
    assert "DOCKER_HOST" in engine.what
    assert "engine.up" not in engine.do


@pytest.mark.usefixtures("staged")
def test_no_permission_names_the_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(doctor, "version_at", denied)
    engine = examine(tmp_path, "auto")[0]
    assert engine.state == "bad"
    assert "group docker" in engine.do


def test_an_old_engine_is_bad(well: Well) -> None:
    assert well(version="20.10.24")["engine"].state == "bad"


def test_an_engine_started_from_here_is_told(well: Well, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "recorded", lambda _: 42)
    assert "process 42" in well()["engine"].what


def test_stores(well: Well) -> None:
    containerd = {**INFO, "Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
    assert well(info=containerd)["store"].what == "containerd, overlayfs"
    assert well(info={**INFO, "Driver": "vfs", "DriverStatus": None})["store"].state == "warn"
    assert well(info=RuntimeError("went away"))["store"].what == "unknown: went away"


def test_buildx_absent_or_old(well: Well, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "buildx_version", lambda: ((0, 10), "0.10.5"))
    assert well()["buildx"].what == "0.10.5 (/plugins/docker-buildx) is too old: 0.13 or later is needed"
    monkeypatch.setattr(doctor, "buildx_version", lambda: None)
    assert well()["buildx"].state == "bad"


def test_disk(well: Well, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=420_000_000))
    assert well()["disk"].what == "420 MB free under /"
    assert well()["disk"].state == "warn"
    assert "can't be seen" in well(info={**INFO, "DockerRootDir": "/no/such"})["disk"].what

    def gone(_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", gone)
    assert "Input/output error" in well()["disk"].what


def test_ca_bundle(well: Well, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert well()["CA bundle"].what == str(tmp_path / "ca.crt")
    monkeypatch.setattr(doctor, "_BUNDLES", (str(tmp_path / "ca.crt"),))
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such")
    assert "/no/such" in well()["CA bundle"].what
    assert well()["CA bundle"].state == "warn"
    monkeypatch.setattr(doctor, "_BUNDLES", ())
    assert "none found" in well()["CA bundle"].what


def test_where_bases_come_from(well: Well, monkeypatch: pytest.MonkeyPatch) -> None:
    down = RuntimeError("no such host " + "x" * 300)
    assert well("auto", registry=down)["bases"].state == "ok"
    assert len(well("upstream", registry=down)["bases"].what) < 250
    assert well("upstream", registry=down)["bases"].state == "bad"
    assert well("debian", registry=down)["bases"].what == "debian: made here; Debian packages can be had with mmdebstrap"
    monkeypatch.setattr(doctor, "find", lambda _: None)
    assert well("auto", registry=TimeoutError("timed out"))["bases"].state == "bad"
    assert "within 5 s" in well("auto", registry=TimeoutError("timed out"))["bases"].what
    assert well("debian")["bases"].state == "bad"


@pytest.mark.engine
def test_the_real_engine_is_well(tmp_path: Path) -> None:
    found = {finding.topic: finding for finding in examine(tmp_path, "auto")}
    assert found["engine"].state == "ok", found["engine"]
    assert found["buildx"].state == "ok", found["buildx"]
    assert found["store"].what.split(",")[0] in {"classic", "containerd"}
    assert os.sep in found["disk"].what
