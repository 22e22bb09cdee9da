"""Builders elsewhere: another engine, and a BuildKit behind buildx's remote driver; neither has anything that is here."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.machines import Done, docker, front, program, registry, remove_images, second_engine, short_folder, tare

from tareweight.build import builder, setup
from tareweight.build.builder import Builder, normal
from tareweight.build.setup import Setup
from tareweight.dockerfile import parse
from tareweight.errors import BadInput

FAR = Builder("far", "remote", ("linux/amd64", "linux/386"), own=False)
CHECK = '[[check]]\nname = "echo"\nargs = ["echo", "hello"]\nstdout = "hello\\n"\n'


# Words ------------------------------------------------------------------------------------------------------------------


def test_platforms_are_named_as_buildkit_names_them() -> None:
    assert setup.platforms(["linux/amd64, linux/aarch64", "linux/arm64/v8", "linux/arm"]) == ("linux/amd64", "linux/arm64", "linux/arm/v7")
    assert normal("linux/x86_64") == "linux/amd64"


@pytest.mark.parametrize("word", ["arm64", "", "linux/", "windows/amd64", "linux/arm64/8", "linux/arm64,", "linux/../x", "linux/amr64"])
def test_what_is_no_platform(word: str) -> None:
    with pytest.raises(BadInput, match=r"^--platform"):
        setup.platforms([word])


@pytest.mark.parametrize(
    "word",
    ["type=registry,ref=h:1/c:{app}-{variant},mode=max", "type=local,dest=/c/{app}", "type=inline", "type=gha,scope=x", '"type=local","dest=/a,b"'],
)
def test_a_cache_is_passed_on_as_given(word: str) -> None:
    assert setup.caches([word], "--cache-to") == (word,)


@pytest.mark.parametrize(
    ("word", "option", "said"),
    [
        ("", "--cache-to", "not KEY=VALUE"),
        ("h:1/c:x", "--cache-to", "not KEY=VALUE"),
        ("type=registy,ref=x", "--cache-to", "Did you mean 'registry'"),
        ("ref=x", "--cache-from", "unknown type"),
        ("type=registry", "--cache-from", "ref= is missing"),
        ("type=local,dest=/x", "--cache-from", "src= is missing"),
        ("type=local,src=/x", "--cache-to", "dest= is missing"),
        ("type=local,dest=/x/{name}", "--cache-to", "unknown placeholder {name}"),
        ("type=local,dest", "--cache-to", "not KEY=VALUE"),
    ],
)
def test_what_is_no_cache(word: str, option: str, said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        setup.caches([word], option)


def test_a_bare_reference_is_a_cache_to_take_from() -> None:
    assert setup.caches(["h:1/c:{app}"], "--cache-from") == ("h:1/c:{app}",)


def test_two_targets_never_write_one_cache() -> None:
    two = [("a", "x"), ("a", "y")]
    with pytest.raises(BadInput, match=r"overwrite one cache.*\{app\}-\{variant\}"):
        setup.each_its_own(["type=local,dest=/c/{app}"], two)
    setup.each_its_own(["type=local,dest=/c/{app}-{variant}", "type=inline"], two)
    setup.each_its_own(["type=local,dest=/c"], two[:1])


# What a builder can build -----------------------------------------------------------------------------------------------

CROSS = "FROM --platform=$BUILDPLATFORM golang:1.24 AS build\nRUN go build\nFROM scratch\nCOPY --from=build /x /x\n"


@pytest.mark.parametrize(
    ("text", "platform", "said"),
    [
        (CROSS, "linux/arm64", ""),
        (CROSS.replace("--platform=$BUILDPLATFORM ", ""), "linux/arm64", r"line 2: RUN on linux/arm64: builder far has linux/amd64, linux/386 and no emulator"),
        (CROSS.replace("--platform=$BUILDPLATFORM ", ""), "linux/amd64", ""),
        (CROSS.replace("$BUILDPLATFORM", "linux/s390x"), "linux/amd64", r"line 2: RUN on linux/s390x"),
        (CROSS + "RUN true\n", "linux/arm64", r"line 5: RUN on linux/arm64"),
        (CROSS + "FROM build AS more\nRUN true\nFROM scratch\nCOPY --from=more /y /y\n", "linux/arm64", ""),
        ("FROM golang:1.24 AS unused\nRUN true\nFROM scratch\nCOPY x /\n", "linux/arm64", ""),
        ("FROM golang:1.24\nCOPY x /\n", "linux/arm64", r"base golang:1.24 is here for linux/amd64 alone, and is wanted for linux/arm64"),
        (CROSS.replace("build /x", "golang:1.24 /x"), "linux/arm64", r"base golang:1.24 is here for linux/amd64 alone"),
    ],
)
def test_what_goes_beyond_a_builder_is_said_before_it_builds(text: str, platform: str, said: str) -> None:
    found = parse(Path("Dockerfile"), text, {})
    told = setup.beyond(found, Setup(FAR, (platform,)), here="linux/amd64", made_here={"golang:1.24": True})
    assert re.search(said, told)
    assert bool(said) == bool(told)


# A real one -------------------------------------------------------------------------------------------------------------


@dataclass
class Fleet:
    """A project of two apps, one of them on a base that only this engine has; builders `far` and `other`; and a registry."""

    root: Path
    prefix: str
    base: str
    place: str
    env: dict[str, str]

    def build(self, *words: str) -> Done:
        return tare(self.root, "build-all", *words, env=self.env)

    def image(self, name: str) -> str:
        return docker("image", "inspect", "--format", "{{.Id}}", f"{self.prefix}/{name}")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    root, base = folder / "project", f"{prefix}/base:1"
    source = folder / "source"
    for path in (root / "apps/lent", root / "apps/bare", root / "dockerfiles/lent", root / "dockerfiles/bare", source):
        path.mkdir(parents=True)
    box = program(folder)
    for path in (source, root / "apps/bare"):
        shutil.copy(box, path / "box")
    (source / "Dockerfile").write_text('FROM scratch\nCOPY box /\nENTRYPOINT ["/box"]\n')
    for app in ("lent", "bare"):
        (root / "apps" / app / "app.toml").write_text(CHECK)
        (root / "apps" / app / "name").write_text(prefix)
    (root / "dockerfiles/lent/single.Dockerfile").write_text(f"FROM {base}\nCOPY name /\n")
    (root / "dockerfiles/bare/single.Dockerfile").write_text('FROM scratch\nCOPY box name /\nENTRYPOINT ["/box"]\n')
    (root / "tareweight.toml").write_text(f'prefix = "{prefix}"\nbases = "upstream"\n')
    docker("buildx", "build", "--builder", "default", "--provenance=false", "--tag", base, str(source))
    env = {"DOCKER_CONFIG": str(folder / "docker")}
    try:
        with (
            registry(folder / "registry") as place,
            second_engine(folder / "far", {"features": {"containerd-snapshotter": True}}) as far,
            second_engine(folder / "other") as other,
            short_folder() as short,
            front(short / "b.sock", far) as address,
        ):
            docker("buildx", "create", "--name", "far", "--driver", "remote", address, env=env)
            docker("buildx", "create", "--name", "dead", "--driver", "remote", "tcp://127.0.0.1:9", env=env)
            docker("context", "create", "other", "--docker", f"host={other}", env=env)
            docker("context", "create", "same", "--docker", "host=unix:///var/run/docker.sock", env=env)
            yield Fleet(root, prefix, base, place, env)
    finally:
        remove_images(prefix)


def labels(fleet: Fleet, name: str) -> list[str]:
    """The platforms of what a registry has under `name`."""
    told = json.loads(docker("buildx", "imagetools", "inspect", "--format", "{{json .Image}}", f"{fleet.place}/{name}", env=fleet.env))
    return sorted(told) if "os" not in told else [f"{told['os']}/{told['architecture']}"]


@pytest.mark.engine
@pytest.mark.parametrize("name", ["far", "other"])
def test_what_is_built_elsewhere_is_checked_and_used_here(fleet: Fleet, name: str) -> None:
    done = fleet.build("--builder", name, "--force")
    assert done.returncode == 0, done.stderr
    assert "2 built" in done.stderr
    assert done.stderr.count("check ok 1/1") == 2
    assert "2 up to date" in fleet.build("--builder", name).stderr
    assert "2 up to date" in fleet.build().stderr, "the same image, wherever it is built"


@pytest.mark.engine
def test_another_engine_keeps_no_name_of_what_it_built(fleet: Fleet) -> None:
    done = fleet.build("--builder", "other", "--force")
    assert done.returncode == 0, done.stderr
    names = docker("--context", "other", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", env=fleet.env)
    assert names == fleet.base, "the base that it was lent, for the next time"
    done = fleet.build("--builder", "other", "--force")
    assert "lending" not in done.stderr


@pytest.mark.engine
def test_a_base_that_changed_is_lent_anew(fleet: Fleet) -> None:
    before = docker("image", "inspect", "--format", "{{.Id}}", fleet.base)
    for name in ("far", "other"):
        done = fleet.build("--builder", name, "--app", "lent", "--force")
        assert done.returncode == 0, done.stderr
    made = f"FROM {fleet.base}\nLABEL a=b\nCOPY Dockerfile /new\n"
    folder = fleet.root.parent / "newer"
    folder.mkdir()
    (folder / "Dockerfile").write_text(made)
    docker("buildx", "build", "--builder", "default", "--provenance=false", "--tag", fleet.base, str(folder))
    try:
        for name in ("far", "other"):
            assert fleet.build("--builder", name, "--app", "lent", "--force").returncode == 0
            assert docker("image", "inspect", "--format", "{{.Config.Labels.a}}", f"{fleet.prefix}/lent:single") == "b"
    finally:
        docker("image", "tag", before, fleet.base)


@pytest.mark.engine
def test_a_context_of_this_very_engine_takes_nothing_away(fleet: Fleet) -> None:
    done = fleet.build("--builder", "same", "--force")
    assert done.returncode == 0, done.stderr
    assert "lending" not in done.stderr
    assert fleet.image("lent:single")


@pytest.mark.engine
def test_a_remote_builder_pushes_and_only_what_passes_gets_its_tag(fleet: Fleet) -> None:
    where = f"{fleet.place}/far"
    toml = fleet.root / "apps/lent/app.toml"
    toml.write_text(CHECK.replace("hello\\n", "bye\\n"))
    try:
        done = fleet.build("--builder", "far", "--push", "--registry", where)
    finally:
        toml.write_text(CHECK)
    assert done.returncode == 1
    assert re.fullmatch(rf"{where}/bare:single@sha256:[0-9a-f]{{64}}\n", done.stdout), done
    assert re.search(r"lent:single +not pushed: its checks fail", done.stderr)
    assert labels(fleet, "far/bare:single") == ["linux/amd64"]
    assert docker("image", "ls", "--all", "--format", "{{.Repository}}", "--filter", f"reference={where}/*") == ""
    # The registry says what is up to date: what failed has no tag there, and is built and checked again.
    again = fleet.build("--builder", "far", "--push", "--registry", where)
    assert again.returncode == 0, again.stderr
    assert "1 built, 1 up to date" in again.stderr
    assert len(again.stdout.splitlines()) == 2
    assert done.stdout.strip() in again.stdout
    assert "2 up to date" in fleet.build("--builder", "far", "--push", "--registry", where).stderr


@pytest.mark.engine
def test_several_platforms_are_one_name_and_the_foreign_one_is_said_to_be_unchecked(fleet: Fleet) -> None:
    here = fleet.image("bare:single") if fleet.build("--app", "bare").returncode == 0 else ""
    words = ("--builder", "far", "--app", "bare", "--push", "--registry", f"{fleet.place}/both", "--platform", "linux/amd64,linux/arm64")
    done = fleet.build(*words, "--tag", "v1")
    assert done.returncode == 0, done.stderr
    assert "check ok 1/1" in done.stderr
    assert "linux/arm64 is unchecked: it can't run here" in done.stderr
    assert labels(fleet, "both/bare:single") == labels(fleet, "both/bare:single-v1") == ["linux/amd64", "linux/arm64"]
    assert fleet.image("bare:single") == here, "what is here stays what it was"
    assert "1 up to date" in fleet.build(*words, "--tag", "v1").stderr
    assert "bare:single                  no" in fleet.build(*words, "--tag", "v2", "--dry-run").stdout


@pytest.mark.engine
def test_what_cannot_run_here_is_pushed_only_with_no_verify(fleet: Fleet) -> None:
    words = ("--builder", "far", "--app", "bare", "--push", "--registry", f"{fleet.place}/arm", "--platform", "linux/arm64")
    done = fleet.build(*words)
    assert done.returncode == 2
    assert "none of them runs here" in done.stderr
    done = fleet.build(*words, "--no-verify")
    assert done.returncode == 0, done.stderr
    assert labels(fleet, "arm/bare:single") == ["linux/arm64"]


@pytest.mark.engine
def test_a_cache_in_a_registry_and_in_a_folder(fleet: Fleet, tmp_path: Path) -> None:
    caches = (f"type=registry,ref={fleet.place}/cache:{{app}}-{{variant}},mode=max", f"type=local,dest={tmp_path}/{{app}}-{{variant}}")
    done = fleet.build("--builder", "far", "--force", *(word for cache in caches for word in ("--cache-to", cache)))
    assert done.returncode == 0, done.stderr
    for app in ("bare", "lent"):
        assert docker("buildx", "imagetools", "inspect", "--raw", f"{fleet.place}/cache:{app}-single", env=fleet.env)
        assert (tmp_path / f"{app}-single" / "index.json").is_file()
    sources = (caches[0].removesuffix(",mode=max"), caches[1].replace("dest=", "src="))
    done = fleet.build("--builder", "far", "--force", *(word for cache in sources for word in ("--cache-from", cache)))
    assert done.returncode == 0, done.stderr
    assert "importing cache manifest" in done.stderr


@pytest.mark.engine
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--builder", "frr"), 2, "there is no such builder. Did you mean 'far'?"),
        (("--builder", "--x"), 2, "no builder is called that"),
        (("--builder", "dead"), 3, "dead: it can't be reached: it isn't running"),
        (("--platform", "linux/arm64"), 2, "would take the place of its own. Add --push"),
        (("--platform", "linux/arm64", "--push", "--registry", "localhost:1/x"), 2, "builder default (docker driver) keeps images of linux/amd64 only"),
        (("--cache-to", "type=local,dest=/nowhere/{app}", "--builder", "other"), 2, "builder other (docker driver, classic image store) exports no cache"),
        (("--builder", "far", "--push", "--registry", "127.0.0.1:9/x"), 1, "Does a registry run at 127.0.0.1:9?"),
        (("--push", "--registry", "localhost:1/x", "--no-verify"), 2, "--no-verify runs none"),
    ],
)
def test_what_cannot_be_is_one_line_before_anything_is_built(fleet: Fleet, words: tuple[str, ...], code: int, said: str) -> None:
    done = fleet.build(*words)
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.engine
def test_a_run_on_a_foreign_platform_fails_its_target_alone(fleet: Fleet) -> None:
    file = fleet.root / "dockerfiles/bare/runs.Dockerfile"
    file.write_text('FROM scratch\nCOPY box /\nRUN ["/box", "echo"]\nENTRYPOINT ["/box"]\n')
    try:
        done = fleet.build("--builder", "far", "--app", "bare", "--push", "--registry", f"{fleet.place}/some", "--platform", "linux/amd64,linux/s390x")
    finally:
        file.unlink()
    assert done.returncode == 1
    assert "runs.Dockerfile: line 3: RUN on linux/s390x" in done.stderr
    assert labels(fleet, "some/bare:single") == ["linux/amd64", "linux/s390x"]


@pytest.mark.engine
def test_the_engine_is_a_builder_of_its_own() -> None:
    from tareweight.engine.client import connect

    engine = connect()
    found = builder.find("", engine)
    assert found.own
    assert not found.engine_elsewhere
    assert found.native == normal(engine.platform)
