from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tareweight import settings
from tareweight.errors import BadInput


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TAREWEIGHT_PREFIX", "TAREWEIGHT_BASES", "TAREWEIGHT_JOBS", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_defaults(tmp_path: Path) -> None:
    found = settings.read(tmp_path)
    assert (found.root, found.prefix, found.bases, found.jobs, found.nearest_base) == (tmp_path.resolve(), "tareweight", "auto", 16, False)
    assert found.tare == found.root / ".tare"


def test_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tareweight.toml").write_text('prefix = "a/b"\nbases = "debian"\njobs = 2\nnearest_base = true\n[secrets]\nnpm = "rc"\n')
    (tmp_path / "rc").write_text("x")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    found = settings.read(tmp_path / "deep" / "er")
    assert (found.prefix, found.bases, found.jobs, found.nearest_base) == ("a/b", "debian", 2, True)
    assert found.secrets["npm"] == tmp_path.resolve() / "rc"
    monkeypatch.setenv("TAREWEIGHT_PREFIX", "c")
    monkeypatch.setenv("TAREWEIGHT_BASES", "upstream")
    monkeypatch.setenv("TAREWEIGHT_JOBS", "9")
    found = settings.read(tmp_path)
    assert (found.prefix, found.bases, found.jobs) == ("c", "upstream", 9)


def test_apps_mark_the_root_too(tmp_path: Path) -> None:
    (tmp_path / "apps" / "x").mkdir(parents=True)
    assert settings.find_root(tmp_path / "apps" / "x") == tmp_path.resolve()


@pytest.mark.parametrize("text", ["0", "65", "-1", "1.5", "x", " 3", "", "9" * 5000])
def test_jobs(text: str) -> None:
    with pytest.raises(BadInput, match="--jobs"):
        settings.jobs_number(text, "--jobs")


@pytest.mark.parametrize("text", ['bases = "x"', "jobs = 0", "nearest_base = 1", "secrets = 1"])
def test_bad_values(tmp_path: Path, text: str) -> None:
    (tmp_path / "tareweight.toml").write_text(text)
    with pytest.raises(BadInput, match=r"tareweight\.toml:1: "):
        settings.read(tmp_path)


def test_ca_bundle_of_the_environment_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert settings.ca_bundle() == bundle
    assert settings.read(tmp_path).secrets["ca-bundle"] == bundle
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    assert settings.ca_bundle() != Path("/nonexistent")


@pytest.mark.parametrize("prefix", ["a", "a/b", "a-b", "localhost:5000/a", "ghcr.io/a/b_c"])
def test_good_prefix(prefix: str) -> None:
    assert settings.prefix_name(prefix, "x") == prefix


@pytest.mark.parametrize("prefix", ["", "A", "a/", "/a", "a//b", "-a", "a:80", "a/b:80", "a b", "a..b", "a/-"])
def test_bad_prefix(prefix: str) -> None:
    with pytest.raises(BadInput, match=r"x: .* can't begin an image's name"):
        settings.prefix_name(prefix, "x")


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "253402300800", "9" * 5000])
def test_a_bad_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(BadInput, match="SOURCE_DATE_EPOCH"):
        settings.read(tmp_path)


def test_the_epoch_is_the_commits_unless_the_environment_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.read(tmp_path).epoch is None
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert settings.read(tmp_path).epoch is None, "no commit yet"
    words = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x"]
    subprocess.run(words, check=True, env={**os.environ, "GIT_COMMITTER_DATE": "@1700000000 +0100"})
    assert settings.read(tmp_path).epoch == 1_700_000_000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert settings.read(tmp_path).epoch == 0
