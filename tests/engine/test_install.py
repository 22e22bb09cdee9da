"""Finding, refusing and installing, against fake programs on a PATH of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.engine import install
from tareweight.errors import EngineError

Fake = Callable[[str, str], Path]

BOOKWORM = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'
SOURCES = """\
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
uris: http://mirror.example/debian-security/
Suites: bookworm-security
Components: main
signed-by: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://vendor.example/linux/debian
Suites: bookworm
Components: stable

Enabled: no
Types: deb
URIs: http://mirror.example/debian
Suites: sid
Components: main
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Makes programs that are the only ones on PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr(install, "_SBIN", str(directory))

    def make(name: str, body: str) -> Path:
        program = directory / name
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    return make


@pytest.fixture
def bookworm(tmp_path: Path) -> Path:
    """The root of a Debian 12."""
    root = tmp_path / "root"
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    (root / "etc/os-release").write_text(BOOKWORM, encoding="utf-8")
    (root / "etc/apt/sources.list.d/debian.sources").write_text(SOURCES, encoding="utf-8")
    return root


def good_programs(fake: Fake) -> None:
    fake("dockerd", "echo Docker version 26.1.5+dfsg1, build 411e817")
    fake("docker", "echo github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3")


def test_nothing_is_missing_where_all_is_new_enough(fake: Fake) -> None:
    good_programs(fake)
    assert install.missing_programs() == []
    assert install.missing_client() == []
    assert install.buildx_version() == ((0, 13), "0.13.1+ds1")


@pytest.mark.usefixtures("fake")
def test_what_is_absent_is_named() -> None:
    assert install.missing_programs() == ["dockerd", "docker", "buildx >= 0.13"]


def test_what_is_too_old_is_named_with_its_version(fake: Fake) -> None:
    fake("dockerd", "echo Docker version 20.10.24+dfsg1, build 297e128")
    fake("docker", "echo github.com/docker/buildx v0.10.5 aaa")
    dockerd, buildx = install.missing_programs()
    assert "dockerd >= 23" in dockerd
    assert "20.10.24" in dockerd
    assert buildx == "buildx >= 0.13 (this is 0.10.5)"


def test_a_dockerd_that_does_not_run_is_missing(fake: Fake) -> None:
    fake("dockerd", "echo broken >&2; exit 1")
    fake("docker", "echo docker: 'buildx' is not a docker command >&2; exit 1")
    dockerd, buildx = install.missing_programs()
    assert "broken" in dockerd
    assert buildx == "buildx >= 0.13"


def test_the_users_own_plugin_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "cli-plugins/docker-buildx"
    plugin.parent.mkdir()
    plugin.write_text("", encoding="utf-8")
    plugin.chmod(0o755)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert install.buildx_path() == plugin


@pytest.mark.parametrize(
    ("release", "platform", "uid", "expected"),
    [
        ("", "darwin", 0, "Docker Desktop"),
        ("", "win32", 0, "WSL 2"),
        (BOOKWORM, "linux", 1000, "as root"),
        ('ID=debian\nVERSION_ID="11"\n', "linux", 0, "before 12"),
        ("ID=ubuntu\nID_LIKE=debian\n", "linux", 0, "apt-get install docker.io docker-buildx"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", "linux", 0, "apt-get install docker.io"),
        ("ID=fedora\n", "linux", 0, "dnf install"),
        ('ID=rocky\nID_LIKE="rhel centos fedora"\n', "linux", 0, "docker-ce"),
        ("ID=arch\n", "linux", 0, "pacman"),
        ("ID=alpine\n", "linux", 0, "apk add"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "linux", 0, "zypper"),
        ("ID=nixos\n", "linux", 0, "docs.docker.com"),
    ],
)
def test_elsewhere_one_line_says_what_to_install(tmp_path: Path, release: str, platform: str, uid: int, expected: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(release, encoding="utf-8")
    line = install.how_to_install(tmp_path, platform=platform, uid=uid)
    assert line is not None
    assert expected in line
    assert "\n" not in line


def test_debian_as_root_can_be_installed_on_but_not_under_windows(bookworm: Path) -> None:
    assert install.how_to_install(bookworm, platform="linux", uid=0) is None
    (bookworm / "proc").mkdir()
    (bookworm / "proc/version").write_text("Linux version 5.15.153.1-microsoft-standard-WSL2", encoding="utf-8")
    assert "WSL" in str(install.how_to_install(bookworm, platform="linux", uid=0))


def test_a_machine_without_os_release_gets_the_general_line(tmp_path: Path) -> None:
    assert "docs.docker.com" in str(install.how_to_install(tmp_path, platform="linux", uid=0))


def test_debians_own_sources_get_a_twin_for_debian_13(bookworm: Path) -> None:
    (bookworm / "etc/apt/sources.list").write_text(
        "deb [arch=amd64,arm64 signed-by=/k.gpg] http://ftp.example/debian bookworm main non-free # why\n"
        "deb-src http://ftp.example/debian bookworm main\n"
        "deb http://apt.example/other bookworm main\n"
        "nonsense\n",
        encoding="utf-8",
    )
    stanzas = install.debian_sources(bookworm / "etc/apt", "bookworm")
    text = "\n\n".join(stanzas)
    assert [line for line in text.splitlines() if line.startswith("Suites")] == [
        "Suites: bookworm",
        "Suites: trixie",
        "Suites: bookworm bookworm-updates bookworm-backports",
        "Suites: trixie trixie-updates",
        "Suites: bookworm-security",
        "Suites: trixie-security",
    ]
    assert text.count("Signed-By: /k.gpg") == 2
    assert text.count("Architectures: amd64 arm64") == 2
    assert text.count("Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc") == 2
    assert text.count("http://mirror.example/debian-security/") == 2
    assert "vendor.example" not in text
    assert "apt.example" not in text
    assert "sid" not in text


def test_debian_13_keeps_its_own_suites(bookworm: Path) -> None:
    assert not [stanza for stanza in install.debian_sources(bookworm / "etc/apt") if "trixie" in stanza]
    (bookworm / "etc/os-release").write_text("ID=debian\nVERSION_ID=13\nVERSION_CODENAME=trixie\n", encoding="utf-8")
    with install.private_apt(bookworm) as (options, suite):
        assert suite == ""
        assert (folder(options, "Dir::Etc::preferencesparts") / "tareweight").read_text(encoding="utf-8") == ""


def folder(options: list[str], key: str) -> Path:
    return Path(next(word.removeprefix(f"{key}=") for word in options if word.startswith(f"{key}=")))


def test_aptss_state_is_private_and_gone_afterwards(bookworm: Path) -> None:
    before = sorted(str(path) for path in bookworm.rglob("*"))
    with install.private_apt(bookworm) as (options, suite):
        assert suite == "trixie"
        lists = folder(options, "Dir::State::Lists")
        assert (lists / "partial").is_dir()
        assert "Pin-Priority: 100" in (folder(options, "Dir::Etc::preferencesparts") / "tareweight").read_text(encoding="utf-8")
    assert not lists.exists()
    assert sorted(str(path) for path in bookworm.rglob("*")) == before


def test_no_mirror_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no Debian mirror"), install.private_apt(tmp_path):
        pass


def test_forbidden_changes_are_told_from_new_packages_and_docker_own() -> None:
    simulated = """\
Inst docker.io [20.10.24+dfsg1] (26.1.5+dfsg1 Debian:13.8/stable [amd64])
Inst tini (0.19.0 Debian:12/oldstable [amd64])
Inst libc6:amd64 [2.36] (2.41 Debian:13/stable [amd64]) []
Remv docker-ce [5:24.0]
Remv docker-doc [20.10]
Conf libc6 (2.41 Debian:13/stable [amd64])
"""
    assert install.forbidden(simulated) == ["libc6 (2.36 -> 2.41)", "docker-ce (removed)"]


def test_a_full_installation(fake: Fake, bookworm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    done, bin_ = tmp_path / "calls", tmp_path / "bin"
    programs = (
        f"echo '#!/bin/sh\necho Docker version 26.1.5' > {bin_}/dockerd; echo '#!/bin/sh\necho buildx 0.13.1' > {bin_}/docker;"
        f" /bin/chmod +x {bin_}/dockerd {bin_}/docker"
    )
    fake("apt-get", f'echo "$@" >> {done}; case "$*" in *" -s "*|*update) ;; *) {programs} ;; esac')
    said: list[str] = []
    install.install(said.append, root=bookworm)
    update, simulated, real = done.read_text(encoding="utf-8").splitlines()
    assert update.endswith(" update")
    assert " -s docker.io/trixie docker-cli/trixie docker-buildx/trixie" in simulated
    assert real.endswith("docker.io/trixie docker-cli/trixie docker-buildx/trixie")
    assert " -s " not in real
    assert said[-1] == "Installed"
    install.install(said.append, root=bookworm)
    assert len(done.read_text(encoding="utf-8").splitlines()) == 3, "nothing is missing any more"


def test_a_good_engine_keeps_itself_and_gets_only_buildx(fake: Fake, bookworm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    fake("dockerd", "echo Docker version 29.0.0")
    fake("docker", "exit 1")
    fake("apt-get", f'echo "$@" >> {tmp_path}/calls')
    with pytest.raises(EngineError, match="still missing: buildx"):
        install.install(lambda _: None, root=bookworm)
    calls = (tmp_path / "calls").read_text(encoding="utf-8")
    assert "docker-buildx/trixie" in calls
    assert "docker.io" not in calls


def test_an_installation_that_would_change_more_is_refused(fake: Fake, bookworm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    fake("apt-get", f'echo "$@" >> {tmp_path}/calls; echo "Inst libc6 [2.36] (2.41 Debian:13/stable [amd64])"')
    with pytest.raises(EngineError, match=r"libc6 \(2\.36 -> 2\.41\).*Nothing was changed"):
        install.install(lambda _: None, root=bookworm)
    assert len((tmp_path / "calls").read_text(encoding="utf-8").splitlines()) == 2


def test_apts_own_complaint_is_told(fake: Fake, bookworm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    fake("apt-get", "echo W: noise >&2; echo E: no space >&2; exit 100")
    with pytest.raises(EngineError, match="E: no space") as caught:
        install.install(lambda _: None, root=bookworm)
    assert "noise" not in str(caught.value)
    (Path(os.environ["PATH"]) / "apt-get").unlink()
    with pytest.raises(EngineError, match="not found"):
        install.install(lambda _: None, root=bookworm)


@pytest.mark.usefixtures("fake")
def test_not_root_is_told_before_anything_runs(bookworm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(EngineError, match=r"not installed here: dockerd, docker, buildx.*as root"):
        install.install(lambda _: None, root=bookworm)


def _on_debian_12_as_root() -> bool:
    release = install.os_release()
    return release.get("ID") == "debian" and release.get("VERSION_ID") == "12" and os.getuid() == 0


@pytest.mark.engine
@pytest.mark.skipif(not _on_debian_12_as_root(), reason="simulates Debian 13's packages on a real Debian 12, as root")
def test_the_real_apt_would_change_only_dockers_own_packages(tmp_path: Path) -> None:
    """From a Debian 12 that has no Docker, and from one that has Debian 12's: `apt-get -s` on a copy of dpkg's status."""
    dockers = {*install.REPLACEABLE, "iptables"}
    paragraphs = Path("/var/lib/dpkg/status").read_text(encoding="utf-8").rstrip().split("\n\n")
    rest = [paragraph for paragraph in paragraphs if paragraph.split("\n", 1)[0].removeprefix("Package: ") not in dockers]
    old = "Package: docker.io\nStatus: install ok installed\nMaintainer: x <x@example.org>\nArchitecture: amd64\nVersion: 20.10.24\nDescription: x"
    with install.private_apt() as (options, suite):
        updated = subprocess.run(["apt-get", "-q", *options, "update"], capture_output=True, text=True, check=False)
        if "Failed to fetch" in updated.stderr:
            pytest.skip("no Debian mirror can be reached")
        for name, status in (("bare", rest), ("old", [*rest, old])):
            file = tmp_path / name
            file.write_text("\n\n".join(status) + "\n", encoding="utf-8")
            wishes = [f"{package}/{suite}" for package in install.PACKAGES.values()]
            command = ["apt-get", "-q", *options, "-o", f"Dir::State::status={file}", "install", "-y", "--no-install-recommends", "-s", *wishes]
            simulated = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            assert install.forbidden(simulated) == []
            assert "Inst docker-buildx (0.13" in simulated
