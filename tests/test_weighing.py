"""The scale's tasks on a real engine: planted faults are found, budgets hold, baselines tell what came back."""

from __future__ import annotations

import io
import json
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

pytestmark = pytest.mark.engine

DOCS = Path(__file__).resolve().parents[1] / "docs"
DOCKERFILE = """\
FROM scratch
ADD tree.tar /
ENTRYPOINT ["/app/start"]
"""
STATUS = "Package: {}\nStatus: install ok installed\nVersion: {}\nArchitecture: all\n\n"
PLANTED = {
    "app/start": (b"#!/bin/sh\n", 0o755),
    "app/id_rsa": (b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"b3BlbnNzaC1r" * 40 + b"\n-----END OPENSSH PRIVATE KEY-----\n", 0o600),
    "usr/bin/climb": (b"\x7fELF" + b"0" * 60, 0o4755),
    "usr/bin/bash": (b"\x7fELF" + b"1" * 1000, 0o755),
    "var/lib/apt/lists/mirror_dists_trixie_Packages": (b"Package: x\n" * 5000, 0o644),
    "var/lib/dpkg/status": (STATUS.format("bash", "5.2").encode(), 0o644),
    "var/lib/dpkg/info/bash.list": (b"/.\n/usr/bin/bash\n", 0o644),
}
GROWN = {
    **PLANTED,
    "usr/lib/libicu.so.72": (b"u" * 400_000, 0o644),
    "var/lib/dpkg/status": ((STATUS.format("bash", "5.2") + STATUS.format("libicu72", "72.1-3")).encode(), 0o644),
    "var/lib/dpkg/info/libicu72.list": (b"/.\n/usr/lib/libicu.so.72\n", 0o644),
}
Done = subprocess.CompletedProcess[str]


def tare(folder: Path, *words: str, **environment: str) -> Done:
    import os

    command = [sys.executable, "-c", "from tareweight.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **environment})


def told(done: Done) -> object:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def valid(done: Done, schema: str) -> dict[str, object]:
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((DOCS / schema).read_text(encoding="utf-8")))
    assert isinstance(document, dict)
    return document


def plant(root: Path, tree: Mapping[str, tuple[bytes, int]]) -> None:
    with tarfile.open(root / "tree.tar", "w") as tar:
        for path, (content, mode) in tree.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))


def limits(root: Path, text: str) -> None:
    (root / "app.toml").write_text(f'title = "Planted"\nversion = "1"\n{text}')


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that is an app, built once, in git with its baseline."""
    root = tmp_path_factory.mktemp("project") / "planted"
    root.mkdir()
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    (root / "tareweight.toml").write_text(f'prefix = "{prefix}"\n')
    (root / ".dockerignore").write_text("*\n!tree.tar\n")
    (root / "Dockerfile").write_text(DOCKERFILE)
    limits(root, "")
    plant(root, PLANTED)
    try:
        assert tare(root, "build-all").returncode == 0
        assert tare(root, "baseline").returncode == 0
        for words in (["init", "-q"], ["add", "tareweight.lock.json"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "baseline"]):
            subprocess.run(["git", *words], cwd=root, check=True)
        yield root
    finally:
        listed = subprocess.run(["docker", "image", "ls", "-q", "--filter", f"reference={prefix}/*"], capture_output=True, text=True, check=True)
        if ids := listed.stdout.split():
            subprocess.run(["docker", "image", "rm", "-f", *set(ids)], capture_output=True, check=True)


def test_a_planted_key_a_setuid_file_and_a_package_list_are_found(project: Path) -> None:
    document = valid(tare(project, "explain", "--format", "json"), "explain.schema.json")
    assert {"kind": "private key", "path": "/app/id_rsa"} in document["secrets"]  # type: ignore[operator]
    assert document["surface"]["setuid"] == ["/usr/bin/climb"]  # type: ignore[index]
    assert {"kind": "apt lists", "path": "/var/lib/apt/lists", "bytes": 55_000} in document["leftovers"]  # type: ignore[operator]
    drawn = tare(project, "explain").stdout
    assert "b3BlbnNzaC1r" not in drawn
    assert max(map(len, drawn.splitlines())) <= 100


def test_the_table_says_so_at_a_glance(project: Path) -> None:
    row = valid(tare(project, "compare", "--format", "json"), "compare.schema.json")["rows"][0]  # type: ignore[index]
    assert row["size_bytes"] == sum(len(content) for content, _ in PLANTED.values())
    assert row["weight"]["traits"] == ["root", "shell", "setuid", "secret"]
    table = tare(project, "compare").stdout
    assert "rs----u" in table
    assert "planted:single holds a private key: /app/id_rsa" in " ".join(table.split())


def test_a_download_is_learned_once(project: Path) -> None:
    first = valid(tare(project, "compare", "--download", "--format", "json"), "compare.schema.json")["rows"][0]  # type: ignore[index]
    again = tare(project, "compare", "--format", "json")
    assert 0 < first["download_bytes"] == json.loads(again.stdout)["rows"][0]["download_bytes"]
    assert "packing" not in again.stderr
    tags = subprocess.run(["docker", "image", "inspect", "--format", "{{.RepoTags}}", first["image_id"]], capture_output=True, text=True, check=True)
    assert tags.stdout.strip() == f"[{first['image']}]"


def test_a_budget_that_is_kept_and_one_that_is_broken(project: Path) -> None:
    limits(project, '[budget]\nsize = "1MB"\nforbid = ["compiler"]\n')
    assert tare(project, "budget").returncode == 0
    limits(project, '[budget]\nsize = "50kB"\nforbid = ["setuid", "secret"]\n')
    broken = tare(project, "budget", "--format", "json")
    assert broken.returncode == 4
    document = valid(broken, "budget.schema.json")
    assert document["kept"] is False
    assert "size" in broken.stderr
    assert broken.stderr.count("\n") == 1
    file = project / "Dockerfile"
    before = file.read_text()
    file.write_text(before + "USER 7\n")
    stale = tare(project, "budget")
    file.write_text(before)
    assert stale.returncode == 1, "an image of before proves nothing"
    assert "can't be judged: the image is out of date (Dockerfile changed): run `invoke build-all`" in stale.stderr
    limits(project, "")


def test_what_came_back_is_named_with_its_package(project: Path, tmp_path: Path) -> None:
    limits(project, '[budget]\ngrowth = "5%"\n')
    plant(project, GROWN)
    try:
        assert tare(project, "build-all").returncode == 0
        broken = tare(project, "budget")
        assert broken.returncode == 4
        assert "libicu72" in broken.stderr
        page = tmp_path / "summary.md"
        for against in ("tareweight.lock.json", "HEAD"):
            done = tare(project, "compare", "--against", against, GITHUB_STEP_SUMMARY=str(page))
            assert f"Since {against}" in done.stdout
            assert "+deb:libicu72 72.1-3 +0.4 MB" in " ".join(done.stdout.split())
        assert page.read_text(encoding="utf-8").count("### Since") == 2
        row = valid(tare(project, "compare", "--against", "HEAD", "--format", "json"), "compare.schema.json")["rows"][0]  # type: ignore[index]
        gained = sum(len(GROWN[path][0]) for path in ("usr/lib/libicu.so.72", "var/lib/dpkg/info/libicu72.list"))
        assert row["since"]["packages"] == [{"type": "deb", "name": "libicu72", "before": [], "after": ["72.1-3"], "bytes": gained}]
    finally:
        plant(project, PLANTED)
        limits(project, "")
        assert tare(project, "build-all").returncode == 0


def test_bills_of_materials(project: Path) -> None:
    cyclonedx = told(tare(project, "sbom"))
    spdx = told(tare(project, "sbom", "--format", "spdx"))
    assert any(one["name"] == "bash" for one in cyclonedx["components"])  # type: ignore[index]
    assert any(one["name"] == "bash" for one in spdx["packages"])  # type: ignore[index]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "--against", "v0"], "v0"),
        (["compare", "--against", "Dockerfile"], "Dockerfile"),
        (["explain", "--variant", "singel"], "Did you mean 'single'"),
        (["sbom", "--format", "spdxx"], "Did you mean 'spdx'"),
        (["budget", "--format", "csv"], "unknown format 'csv'"),
        (["diff", "--from", "nothing/here:1", "--to", "nothing/there:1"], "there is no image nothing/here:1"),
        (["diff", "--app", "planted"], "--to: missing"),
    ],
)
def test_bad_input_is_one_line(project: Path, words: list[str], said: str) -> None:
    done = tare(project, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
