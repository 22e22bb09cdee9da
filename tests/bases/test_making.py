"""The commands that make bases, and what is said when they fail; no engine, no mirror."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bases.conftest import Find

from tareweight.bases import apt as apt_module
from tareweight.bases import make as make_module
from tareweight.bases import rootfs
from tareweight.bases.apt import acquire_settings, alone, sources
from tareweight.bases.make import command, end_of, make
from tareweight.bases.reference import ROOTFS_RECIPE
from tareweight.engine.client import Image
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, Completed

DEB822 = """\
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def etc_apt(folder: Path, name: str, text: str) -> Path:
    """An /etc/apt with one source file."""
    (folder / "sources.list.d").mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_machines_mirror_with_the_suites_switched(tmp_path: Path, suite: str) -> None:
    found = sources(suite, etc_apt(tmp_path, "sources.list.d/debian.sources", DEB822))
    assert f"Suites: {suite} {suite}-updates\n" in found
    assert f"Suites: {suite}-security\n" in found
    assert "backports" not in found
    assert found.count("http://mirror.example/") == 2
    assert "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" in found


def test_one_line_sources_and_other_vendors(tmp_path: Path) -> None:
    etc_apt(tmp_path, "sources.list", "deb [signed-by=/k.gpg] http://mirror.example/debian trixie main\n# deb http://off.example/debian trixie main\n")
    etc_apt(tmp_path, "sources.list.d/vendor.list", "deb https://packages.example/apt vendor-bookworm main\n")
    found = sources("bookworm", tmp_path)
    assert "Suites: bookworm\n" in found
    assert "mirror.example" in found
    assert "off.example" not in found
    assert "packages.example" not in found
    assert "/k.gpg" in found


def test_no_debian_mirror(tmp_path: Path) -> None:
    with pytest.raises(BaseUnavailable, match="no Debian mirror"):
        sources("trixie", etc_apt(tmp_path, "sources.list", "deb http://mirror.example/ubuntu noble main\n"))


def test_settings_of_this_machine_but_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    told = """Acquire "";
Acquire::IndexTargets::deb::Packages::MetaKey "x";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3142/";
Acquire::https::Proxy "http://me:secret@proxy.example:3142/";
Acquire::Check-Valid-Until "false";
"""
    monkeypatch.setattr(apt_module, "run", lambda argv, **_: Completed(tuple(argv), 0, told, ""))
    assert acquire_settings() == ['Acquire::http::Proxy "http://proxy.example:3142/";', 'Acquire::Check-Valid-Until "false";']


def test_no_apt_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt_module, "find", lambda _: None)
    with pytest.raises(BaseUnavailable, match="no apt on this machine"):
        apt_module.Apt(tmp_path)

    def missing(argv: list[str], **_: object) -> Completed:
        raise CommandFailed(argv, 127, "not found")

    monkeypatch.setattr(apt_module, "run", missing)
    with pytest.raises(BaseUnavailable, match="no apt on this machine"):
        acquire_settings()


def test_the_lock_keeps_another_process_out(tmp_path: Path) -> None:
    code = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    argv = [sys.executable, "-c", code, str(tmp_path / "x" / "lock")]
    with alone(tmp_path / "x" / "lock"):
        assert "BlockingIOError" in subprocess.run(argv, capture_output=True, text=True, check=False).stderr
    assert subprocess.run(argv, check=False).returncode == 0


def test_mmdebstraps_words() -> None:
    settings = ['Acquire::Check-Valid-Until "false";', 'Acquire::http::Proxy "http://p.example/";', 'Acquire::cdrom::mount "/media/";']
    words = rootfs.command(["mmdebstrap"], "trixie", Path("/t/x.tar"), settings, Path("/t/a b.conf"), root=True)
    assert words[-3:] == ["trixie", "/t/x.tar", "-"]
    assert "--mode=root" in words
    assert '--aptopt=Acquire::Check-Valid-Until "false"' in words
    assert '--aptopt=Acquire::http::Proxy "http://p.example/"' in words
    assert not any("cdrom" in word for word in words)
    assert "--customize-hook=upload '/t/a b.conf' /etc/apt/apt.conf.d/90tareweight" in words
    assert "--mode=unshare" in rootfs.command(["mmdebstrap"], "trixie", Path("/t/x.tar"), settings, Path("/k"), root=False)


def test_a_root_file_system_that_stands_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {rootfs.LABEL: ROOTFS_RECIPE}
    made: list[str] = []

    def inspect(names: list[str]) -> dict[str, Image]:
        return {names[0]: Image("sha256:0", (), (), labels, "", 1, "linux/amd64", ())}

    def remake(suite: str, tag: str, tare: Path) -> None:
        made.append(f"{suite} {tag} {tare}")
        labels[rootfs.LABEL] = ROOTFS_RECIPE

    monkeypatch.setattr(rootfs, "inspect", inspect)
    monkeypatch.setattr(rootfs, "_make", remake)
    assert rootfs.ensure("trixie", tare=tmp_path, say=made.append) == "tareweight-base/rootfs:trixie"
    assert made == []
    labels[rootfs.LABEL] = "another"
    rootfs.ensure("trixie", tare=tmp_path, say=lambda _: None)
    assert made == [f"trixie tareweight-base/rootfs:trixie {tmp_path}"]


def test_mmdebstrap_fails_in_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "mmdebstrap"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho I: trying\necho E: no key for it\necho I: cleaning\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(rootfs, "inspect", lambda _: {})
    monkeypatch.setattr(rootfs, "sources", lambda _: "Types: deb\n")
    monkeypatch.setattr(rootfs, "acquire_settings", list)
    monkeypatch.setattr(rootfs, "_mmdebstrap", lambda _: ([str(program)], {}))
    tare = tmp_path / ".tare"
    with pytest.raises(BaseUnavailable, match="Debian trixie: E: no key for it") as caught:
        rootfs.ensure("trixie", tare=tare, say=lambda _: None)
    log = tare / "logs" / "bases" / "rootfs-trixie.log"
    assert str(log) in (caught.value.hint or "")
    assert "I: cleaning" in log.read_text(encoding="utf-8")
    assert sorted(file.name for file in (tare / "apt").iterdir()) == ["rootfs-trixie.lock"]


def test_the_build_command(recipe: Find) -> None:
    found = recipe("node:24-slim")
    words = command(found, "tareweight-base/rootfs:trixie", builder="far", ca_bundle=Path("/ca.crt"), force=True)
    pairs = list(itertools.pairwise(words))
    assert ("--target", "slim") in pairs
    assert ("--build-context", "rootfs=docker-image://tareweight-base/rootfs:trixie") in pairs
    assert ("--build-arg", "NODE_VERSION=24.10.0") in pairs
    assert ("--secret", "id=ca-bundle,src=/ca.crt") in pairs
    assert ("--builder", "far") in pairs
    assert ("--label", f"dev.tareweight.base.fingerprint={found.fingerprint}") in pairs
    assert ("--label", "dev.tareweight.base.reference=node:24-slim") in pairs
    assert "--no-cache" in words
    plain = command(found, "r", builder=None, ca_bundle=None, force=False)
    assert not {"--no-cache", "--secret", "--builder"} & set(plain)


FAILED = """\
#5 [tools 1/1] RUN apt-get update
#5 0.101 Get:1 http://mirror.example
#5 0.320 E: Unable to locate package golang-9.9-go
#5 0.400 bye
#5 ERROR: process "/bin/sh -c apt-get update && very long" did not complete successfully: exit code: 100
------
ERROR: failed to solve: process "/bin/sh -c apt-get update && very long" did not complete
"""


def test_why_a_build_failed() -> None:
    assert end_of(FAILED) == "E: Unable to locate package golang-9.9-go"
    assert end_of(FAILED.replace("E: Unable", "unable")) == "bye"
    assert end_of("#1 x\nERROR: no such stage\n") == "ERROR: no such stage"
    assert end_of("") == "buildx said nothing"


def test_a_failed_build_keeps_its_log(recipe: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rootfs, "ensure", lambda suite, **_: f"rootfs:{suite}")
    monkeypatch.setattr(make_module, "run", lambda argv, **_: Completed(tuple(argv), 1, "", FAILED))
    with pytest.raises(BaseUnavailable, match=r"base golang:1\.24 could not be made: E: Unable to locate") as caught:
        make(recipe("golang:1.24"), tare=tmp_path, builder=None, ca_bundle=None, say=lambda _: None)
    log = tmp_path / "logs" / "bases" / "golang@1.24-trixie.log"
    assert str(log) in (caught.value.hint or "")
    assert log.read_text(encoding="utf-8") == FAILED
