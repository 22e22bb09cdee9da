"""From what a Dockerfile names to the recipe that makes it."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

import pytest
from tests.bases.conftest import BASES, KNOWN, Find, keep

from tareweight.bases.recipes import Recipe, families, find, folders
from tareweight.bases.versions import Versions
from tareweight.errors import BadInput, BaseUnavailable


@pytest.mark.parametrize(
    ("reference", "tag", "target", "args"),
    [
        ("golang:1.24", "golang:1.24-trixie", "full", {"GO_VERSION": "1.24"}),
        ("golang", "golang:1.24-trixie", "full", {"GO_VERSION": "1.24"}),
        ("golang:1.24.4", "golang:1.24-trixie", "full", {"GO_VERSION": "1.24"}),
        ("golang:1", "golang:1.24-trixie", "full", {"GO_VERSION": "1.24"}),
        ("golang:1.19", "golang:1.19-bookworm", "full", {"GO_VERSION": "1.19"}),
        ("golang:bookworm", "golang:1.19-bookworm", "full", {"GO_VERSION": "1.19"}),
        ("golang:1.24-alpine", "golang:1.24-alpine-trixie", "small", {"GO_VERSION": "1.24"}),
        ("gcc", "gcc:14-trixie", "full", {"GCC_VERSION": "14"}),
        ("gcc:12", "gcc:12-bookworm", "full", {"GCC_VERSION": "12"}),
        ("gcc:13-trixie", "gcc:13-trixie", "full", {"GCC_VERSION": "13"}),
        ("eclipse-temurin:21", "eclipse-temurin:21-trixie", "jdk", {"JAVA_VERSION": "21"}),
        ("eclipse-temurin:17-jdk", "eclipse-temurin:17-jdk-bookworm", "jdk", {"JAVA_VERSION": "17"}),
        ("eclipse-temurin:21-jre", "eclipse-temurin:21-jre-trixie", "jre", {"JAVA_VERSION": "21"}),
        ("eclipse-temurin:25-jre-alpine", "eclipse-temurin:25-jre-alpine-trixie", "jre", {"JAVA_VERSION": "25"}),
        ("node:24", "node:24.10.0-trixie", "full", {"NODE_VERSION": "24.10.0"}),
        ("node:24-slim", "node:24.10.0-slim-trixie", "slim", {"NODE_VERSION": "24.10.0"}),
        ("node:24-bookworm-slim", "node:24.10.0-slim-bookworm", "slim", {"NODE_VERSION": "24.10.0"}),
        ("node:24-alpine", "node:24.10.0-alpine-trixie", "slim", {"NODE_VERSION": "24.10.0"}),
        ("node:16", "node:16.20.2-trixie", "full", {"NODE_VERSION": "16.20.2"}),
        ("node:16.20.1", "node:16.20.1-trixie", "full", {"NODE_VERSION": "16.20.1"}),
        ("node:lts", "node:26.0.0-trixie", "full", {"NODE_VERSION": "26.0.0"}),
        ("python:3", "python:3.13-trixie", "full", {"PYTHON_VERSION": "3.13"}),
        ("python:3.13-slim", "python:3.13-slim-trixie", "slim", {"PYTHON_VERSION": "3.13"}),
        ("python:3.11-slim-bookworm", "python:3.11-slim-bookworm", "slim", {"PYTHON_VERSION": "3.11"}),
        ("nginx", "nginx:1.26.3-trixie", "full", {}),
        ("nginx:1.22", "nginx:1.22.1-bookworm", "full", {}),
        ("nginx:alpine", "nginx:1.26.3-alpine-trixie", "small", {}),
        ("nginx:stable-alpine", "nginx:1.26.3-alpine-trixie", "small", {}),
        ("alpine", "alpine:trixie", "full", {}),
        ("alpine:3.23", "alpine:trixie", "full", {}),
        ("debian", "debian:trixie", "full", {}),
        ("debian:13", "debian:trixie", "full", {}),
        ("debian:bookworm-slim", "debian:slim-bookworm", "full", {}),
        ("gcr.io/distroless/static", "distroless-static:trixie", "latest", {"IMAGE": "static"}),
        ("gcr.io/distroless/static-debian12:nonroot", "distroless-static:nonroot-bookworm", "nonroot", {"IMAGE": "static"}),
        ("gcr.io/distroless/base-nossl-debian13", "distroless-base-nossl:trixie", "latest", {"IMAGE": "base-nossl"}),
        ("gcr.io/distroless/cc:debug", "distroless-cc:debug-trixie", "debug-shell", {"IMAGE": "cc"}),
        ("gcr.io/distroless/base:debug-nonroot", "distroless-base:debug-nonroot-trixie", "debug-shell-nonroot", {"IMAGE": "base"}),
        ("gcr.io/distroless/python3:debug", "distroless-python3:debug-trixie", "debug", {"IMAGE": "python3", "PYTHON_VERSION": "3.13"}),
        ("gcr.io/distroless/python3-debian12", "distroless-python3:bookworm", "latest", {"IMAGE": "python3", "PYTHON_VERSION": "3.11"}),
        ("gcr.io/distroless/nodejs24-debian13", "distroless-nodejs:24.10.0-trixie", "latest", {"IMAGE": "nodejs", "NODE_VERSION": "24.10.0"}),
        ("gcr.io/distroless/java21:nonroot", "distroless-java:21-nonroot-trixie", "nonroot", {"IMAGE": "java", "JAVA_VERSION": "21"}),
    ],
)
def test_what_people_write(recipe: Find, reference: str, tag: str, target: str, args: dict[str, str]) -> None:
    found: Recipe = recipe(reference)
    assert (found.tag, found.target) == (f"tareweight-base/{tag}", target)
    assert found.reference == reference
    assert dict(found.args) == {**args, "SUITE": found.suite}
    assert found.suite == tag.rsplit("-", 1)[-1].rsplit(":", 1)[-1]


def test_every_stage_that_a_recipe_names_is_in_its_dockerfile() -> None:
    known = families([BASES])
    assert {"alpine", "debian", "distroless", "eclipse-temurin", "gcc", "golang", "nginx", "node", "python"} <= {family.name for family in known}
    for family in known:
        text = family.dockerfile.read_text(encoding="utf-8")
        for stage in family.stages.values():
            assert f" AS {stage}\n" in text, f"{family.name}: no stage {stage}"


def test_one_image_for_all_names_of_one_thing(recipe: Find) -> None:
    assert recipe("alpine:3.22").fingerprint == recipe("alpine").fingerprint
    assert recipe("golang:1.24").fingerprint == recipe("docker.io/library/golang:1.24.4-trixie").fingerprint
    different = ["golang:1.24", "golang:1.19", "golang:1.24-alpine", "debian", "debian:12", "gcr.io/distroless/base", "gcr.io/distroless/base:nonroot"]
    assert len({recipe(name).fingerprint for name in different}) == len(different)


@pytest.mark.parametrize(
    ("reference", "what", "hint"),
    [
        ("golang:1.30", "no version 1.30", "1.19 (Debian 12), 1.24 (Debian 13)"),
        ("golang:1.24.3", "no version 1.24.3", "1.24 (Debian 13)"),
        ("golang:1.24-bookworm", "no version 1.24 in Debian 12", "1.24 (Debian 13)"),
        ("golang:1.24-windowsservercore", "unknown flavour 'windowsservercore'", "alpine"),
        ("gcc:15", "no version 15", "14 (Debian 13)"),
        ("eclipse-temurin:21-jre-ubi9-minimal", "unknown flavour 'jre-ubi9-minimal'", "jre-alpine"),
        ("golang:1.24@sha256:00", "pinned by digest", "--bases upstream"),
        ("python:3.12", "no version 3.12", "3.11 (Debian 12), 3.13 (Debian 13)"),
        ("python:3.13-slim-bookworm", "no version 3.13 in Debian 12", "3.11"),
        ("nginx:1.29-alpine", "no version 1.29", "1.22.1 (Debian 12)"),
        ("debian:12.5", "no version 12.5", "bookworm, trixie, 12, 13"),
        ("debian:11", "no version 11", "12, 13"),
        ("debian:sid", "unknown flavour 'sid'", "slim"),
        ("alpine:2.7", "no version 2.7", "3("),
        ("gcr.io/distroless/static-debian11", "no Debian 11", "12, 13"),
        ("gcr.io/distroless/java21-debian12", "no version 21 in Debian 12", "17 (Debian 12)"),
        ("gcr.io/distroless/base:1.0", "no version 1.0", "no versions"),
        ("redis:7", "no recipe makes redis:7", "golang"),
    ],
)
def test_what_cannot_be_had(recipe: Find, reference: str, what: str, hint: str) -> None:
    with pytest.raises(BaseUnavailable) as caught:
        recipe(reference)
    assert what in caught.value.what
    assert hint in (caught.value.hint or "")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "tag"),
    [
        ("golang:1.30", "golang:1.24-trixie"),
        ("golang:1.18", "golang:1.19-bookworm"),
        ("golang:1.24-bookworm", "golang:1.19-bookworm"),
        ("python:3.12", "python:3.13-trixie"),
        ("node:23", "node:24.10.0-trixie"),
        ("nginx:1.29-alpine", "nginx:1.26.3-alpine-trixie"),
    ],
)
def test_the_nearest_says_so(recipe: Find, reference: str, tag: str) -> None:
    found = recipe(reference, nearest=True)
    assert found.tag == f"tareweight-base/{tag}"
    assert "the nearest to" in found.stand_in
    assert "nearest" not in recipe(f"{tag.rsplit('-', 1)[0]}", nearest=True).stand_in


def test_a_stand_in_says_what_it_is_not(recipe: Find) -> None:
    for name in ("alpine", "nginx:alpine", "golang:1.24-alpine", "node:24-alpine", "python:3.13-alpine", "eclipse-temurin:21-jre-alpine"):
        assert "not Alpine" in recipe(name).stand_in
    assert "Alpine" not in recipe("golang:1.24").stand_in
    assert "1.24.4" in recipe("golang:1.24").stand_in


def test_the_fingerprint_follows_the_dockerfile(tmp_path: Path) -> None:
    shutil.copytree(BASES, tmp_path / "bases")
    keep(tmp_path, KNOWN)

    def now() -> str:
        return find("alpine", families([tmp_path / "bases"]), versions=Versions(tmp_path)).fingerprint

    first = now()
    file = tmp_path / "bases" / "alpine.Dockerfile"
    file.write_text(file.read_text(encoding="utf-8") + "# a word\n", encoding="utf-8")
    assert now() != first
    assert len(first) == hashlib.sha256().digest_size * 2


def test_a_projects_own_recipe_comes_first_and_needs_no_python(tmp_path: Path) -> None:
    own = tmp_path / "dockerfiles" / "bases"
    own.mkdir(parents=True)
    (own / "redis.Dockerfile").write_text("FROM rootfs AS plain\n", encoding="utf-8")
    (own / "redis.toml").write_text(
        'names = "redis"\nversions = { apt = "redis-server" }\nstand_in = "Redis {version}"\nstages = { "" = "plain" }\n', encoding="utf-8"
    )
    (own / "alpine.Dockerfile").write_text("FROM rootfs AS mine\n", encoding="utf-8")
    (own / "alpine.toml").write_text('names = "alpine"\nstand_in = "mine"\nstages = { "" = "mine" }\n', encoding="utf-8")
    keep(tmp_path, {"apt redis-server": [["8.0.2", "8.0.2", "trixie"]]})
    versions = Versions(tmp_path)
    found = find("redis:8", families(folders(tmp_path)), versions=versions)
    assert (found.tag, found.stand_in, found.target) == ("tareweight-base/redis:8.0.2-trixie", "Redis 8.0.2", "plain")
    assert find("alpine", families(folders(tmp_path)), versions=versions).stand_in == "mine"
    assert find("debian", families(folders(tmp_path)), versions=versions).family == "debian"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('names = "["\nstand_in = ""\n', "names: not a regular expression"),
        ('names = "x"\nversions = { apt = "(" }\nstand_in = ""\n', "apt: not a regular expression"),
        ('names = "x"\nstand_in = "{colour}"\n', "stand_in: only {version}"),
        ('names = "x"\nstand_in = ""\nstage = 1\n', "unknown key"),
        ('names = "x"\n', "stand_in: missing"),
    ],
)
def test_a_broken_recipe_is_bad_input(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.Dockerfile").touch()
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        find("x", families([tmp_path]), versions=Versions(tmp_path))
    assert said in caught.value.what
    assert str(tmp_path / "x.toml") in caught.value.what


def test_finding_costs_little(recipe: Find) -> None:
    recipe("node:24")
    start = time.perf_counter()
    for _ in range(20):
        recipe("node:24")
    assert (time.perf_counter() - start) / 20 < 0.005
