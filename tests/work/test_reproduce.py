"""Building twice, on real engines: what is the same, what differs, and that nothing stays behind."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.machines import Done, docker, remove_images, second_engine, tare

from tareweight.engine.client import Image
from tareweight.work import reproduce
from tareweight.work.reproduce import Twice
from tareweight.work.saved import Compared, FileDiff, LayerDiff

ALPINE = "FROM alpine:3.23\n"
STAGE = f"{ALPINE.strip()} AS build\nRUN mkdir /out && echo same > /out/file\n"
UUID = "/proc/sys/kernel/random/uuid"
FILES = {
    "app/single": ALPINE + "RUN date > /single\n",
    "app/same": f"{STAGE}\nFROM alpine:3.23\nCOPY --from=build /out /out\n",
    "app/times": ALPINE + "RUN mkdir -p /deep/er\n",
    "app/dated": ALPINE + "RUN cat $UUID > /dated; ln -s $(cat $UUID) /link; touch /new-$(cat $UUID)\n".replace("$UUID", UUID),
    "app/cached": ALPINE + "RUN --mount=type=cache,target=/cache echo x >> /cache/count && cp /cache/count /count\n",
    "app/scratch": "FROM scratch\nCOPY data /data\n",
    "other/named": "FROM scratch\nENV A=1\nCOPY data /data\nLABEL b=c\n",
    "other/broken": ALPINE + "RUN exit 3\n",
}
EPOCH = 1_700_000_000


def image(identity: str) -> Image:
    return Image(identity, (), (), {}, "", 1, "linux/amd64", ())


# What is told --------------------------------------------------------------------------------------------------------------


def test_each_file_is_told_up_to_a_bound() -> None:
    files = tuple(FileDiff(f"/{number}\x1b[31m", "1 bytes, 2") for number in range(reproduce.MOST_FILES + 3))
    told = list(reproduce.lines(Twice("a:b", Compared(image("1"), image("2"), (LayerDiff(2, "COPY x /", files),), ("created",), 4))))
    assert told[0].split(maxsplit=1) == ["a:b", "DIFFERS: 23 files and its configuration"]
    assert told[1].strip() == "configuration: created"
    assert told[2].strip() == "layer 2, COPY x /"
    assert told[3].strip() == "/0: 1 bytes, 2"
    assert told[-1].strip() == "and 3 more"
    assert len(told) == reproduce.MOST_FILES + 4


@pytest.mark.parametrize(
    ("compared", "said"),
    [
        (Compared(image("1"), image("1")), "same digest 1"),
        (Compared(image("1"), image("2"), times=1), "same content; the digest differs by the time of 1 file"),
        (Compared(image("1"), image("2"), times=7), "same content; the digest differs by the times of 7 files and folders"),
        (Compared(image("1"), image("2")), "same content; the digest differs by what no container sees: how its layers are packed or dated"),
        (Compared(image("1"), image("2"), (), ("config.Env",)), "DIFFERS: its configuration"),
        (Compared(image("1"), image("2"), (LayerDiff(1, "x", (FileDiff("/a", "b"),)),)), "DIFFERS: 1 file"),
    ],
)
def test_verdicts(compared: Compared, said: str) -> None:
    twice = Twice("a:b", compared)
    assert next(reproduce.lines(twice)).split(maxsplit=1) == ["a:b", said]
    assert twice.same == (not said.startswith("DIFFERS"))


# On real engines -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("reproduce")
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    (root / "tareweight.toml").write_text(f'prefix = "{prefix}"\nbases = "debian"\n')
    for name, text in FILES.items():
        app = name.partition("/")[0]
        for path, content in {f"apps/{app}/app.toml": 'baseline = "named"\n' if app == "other" else "", f"apps/{app}/data": "data"}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        (root / f"dockerfiles/{name}.Dockerfile").parent.mkdir(parents=True, exist_ok=True)
        (root / f"dockerfiles/{name}.Dockerfile").write_text(text)
    yield root
    remove_images(prefix)


def twice(project: Path, *words: str, **env: str) -> Done:
    return tare(project, "reproduce", *words, env={"SOURCE_DATE_EPOCH": str(EPOCH), **env})


def left(project: Path, **env: str) -> str:
    """What of a run is still on the engine."""
    prefix = (project / "tareweight.toml").read_text().split('"')[1]
    mounts = docker("buildx", "du", "--verbose", "--filter", "type=exec.cachemount", env=env)
    return docker("image", "ls", "--quiet", "--filter", f"reference={prefix}/*", env=env) + "".join(
        line for line in mounts.splitlines() if 'with id "reproduce-' in line and "/cache/count" in line
    )


@pytest.mark.engine
def test_same_content(project: Path) -> None:
    done = twice(project, "--app", "app", "--variant", "same", "--variant", "times", "--variant", "scratch")
    assert done.returncode == 0, done.stderr
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert list(told) == ["app:same", "app:scratch", "app:times"]
    assert told["app:scratch"].startswith("same digest sha256:")
    if "classic" in done.stderr:
        assert re.fullmatch(r"same content; the digest differs by the times of \d files and folders", told["app:times"])
    else:
        assert told["app:times"].startswith("same digest sha256:")
    assert "3 of 3 targets have the same content" in done.stderr
    assert not left(project)


@pytest.mark.engine
def test_what_differs_is_named_file_by_file(project: Path) -> None:
    done = twice(project, "--app", "app", "--variant", "dated")
    assert done.returncode == 1
    head, where, *files = done.stdout.splitlines()
    assert head.split(maxsplit=1) == ["app:dated", "DIFFERS: 4 files"]
    assert where.startswith("    layer 2, RUN /bin/sh -c cat /proc")
    told = [line.strip().split(": ", 1) for line in files]
    assert [path.partition("-")[0] for path, _ in told] == ["/dated", "/link", "/new", "/new"]
    assert told[0][1] == "37 bytes that differ"
    assert told[1][1].startswith("to ")
    assert {why for _, why in told[2:]} == {"only in the first", "only in the second"}
    assert "0 of 1 targets have the same content" in done.stderr
    assert not left(project)


@pytest.mark.engine
def test_what_lies_in_a_cache_mount_is_no_help(project: Path) -> None:
    built = tare(project, "build", "--app", "app", "--variant", "cached", env={"SOURCE_DATE_EPOCH": str(EPOCH)})
    assert built.returncode == 0, built.stderr
    done = twice(project, "--app", "app", "--variant", "cached")
    assert done.returncode == 0, done.stdout
    clean = tare(project, "clean", "--app", "app", "--variant", "cached")
    assert "removed" in clean.stderr
    assert not left(project)


@pytest.mark.engine
def test_a_build_that_fails(project: Path) -> None:
    done = twice(project, "--app", "other", "--variant", "named", "--variant", "broken")
    assert done.returncode == 1
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert told["other:named"].startswith("same digest sha256:")
    assert told["other:broken"].startswith("not built twice: the first build failed: broken.Dockerfile:2: ")
    assert not (project / ".tare" / "failures").exists() or not list((project / ".tare" / "failures").iterdir())
    assert not left(project)


def test_baselines_only_where_they_are_named(project: Path) -> None:
    from tareweight.project import Wishes, open_project

    found = reproduce.without_baselines(open_project(Wishes(), project))
    assert {read.target.name for read in found.reads} == {f"app:{one}" for one in ("same", "times", "dated", "cached", "scratch")} | {"other:broken"}
    named = reproduce.without_baselines(open_project(Wishes(variants=("single",)), project))
    assert [read.target.name for read in named.reads] == ["app:single"]


def test_without_a_commit_there_is_no_time(project: Path) -> None:
    done = tare(project, "reproduce", "--app", "app")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["tareweight: there is no commit whose time images could bear. Commit first, or set SOURCE_DATE_EPOCH"]


@pytest.mark.engine
def test_images_say_that_they_were_made_at_the_epoch(project: Path) -> None:
    done = tare(project, "build", "--app", "other", "--variant", "named", env={"SOURCE_DATE_EPOCH": str(EPOCH)})
    assert done.returncode == 0, done.stderr
    name = (project / "tareweight.toml").read_text().split('"')[1] + "/other:named"
    assert docker("image", "inspect", "--format", "{{.Created}}", name) == "2023-11-14T22:13:20Z"
    again = tare(project, "build", "--app", "other", "--variant", "named", env={"SOURCE_DATE_EPOCH": str(EPOCH + 1)})
    assert "1 up to date" in again.stderr, "another commit rebuilds nothing"
    remove_images(name.partition("/")[0])


@pytest.mark.engine
@pytest.mark.skipif(os.geteuid() != 0, reason="starting a second engine needs root")
def test_two_engines(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with each image store: the same content on both, and on containerd's the same digest."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    words = ["--app", "app", "--variant", "same", "--variant", "times"]
    with second_engine(tmp_path / "second", {"features": {"containerd-snapshotter": True}}) as host:
        subprocess.run(["docker", "context", "create", "elsewhere", "--docker", f"host={host}"], capture_output=True, check=True)
        assert "lending base" in twice(project, *words, "--builder", "elsewhere").stderr
        # Under the base's name another image with the same layers: what is built on it would have another configuration.
        base = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", env={"DOCKER_HOST": host})
        docker("buildx", "build", "--tag", base, "-", env={"DOCKER_HOST": host}, stdin=f"FROM {base}\nLABEL other=1\nENV OTHER=1\n")
        done = twice(project, *words, "--builder", "elsewhere")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "lending base" in done.stderr
        assert "lending base" not in twice(project, *words, "--builder", "elsewhere").stderr
        assert "2 of 2 targets have the same content" in done.stderr
        assert not left(project)
        there = twice(project, *words, DOCKER_HOST=host)
        assert there.returncode == 0, there.stdout + there.stderr
        assert [line.split()[1:3] for line in there.stdout.splitlines()] == [["same", "digest"]] * 2
        assert not left(project, DOCKER_HOST=host)
