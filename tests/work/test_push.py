"""push, against real registries: without a login, with one, and with those that fail."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.machines import PASSWORD, USER, docker, dying_registry, free_port, program, registry, remove_images, second_engine, tare

from tareweight.engine.registry import fault, parse
from tareweight.errors import BadInput

CHECK = """
[[check]]
name = "echo"
args = ["echo", "hello"]
stdout = "hello\\n"
"""
DIGEST = r"sha256:[0-9a-f]{64}"


# What --registry may be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["127.0.0.1:5000/team", "localhost/a", "registry.example.org/a/b-c/d_e", "[::1]:5000/a", "a.b:1/x"])
def test_a_registry(text: str) -> None:
    assert parse(text) == text


def test_a_host_is_lower_case() -> None:
    assert parse("Registry.Example.ORG/team") == "registry.example.org/team"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "missing"),
        ("localhost", "the path is missing"),
        ("localhost/", "the path is missing"),
        ("team/app", "would be read as a path"),
        ("http://127.0.0.1:5000/team", "takes no scheme"),
        ("127.0.0.1:0/team", "0 is no port"),
        ("127.0.0.1:70000/team", "70000 is no port"),
        ("127.0.0.1:99999999999999999999/team", "is no port"),
        ("127.0.0.1:/team", "is no host"),
        ("127.0.0.1:5x/team", "is no host"),
        ("--help/team", "is no host"),
        ("127.0.0.1:5000/Team", "'Team' can't be part"),
        ("127.0.0.1:5000/team/", "'' can't be part"),
        ("127.0.0.1:5000/team:tag", "'team:tag' can't be part"),
        ("127.0.0.1:5000/a//b", "'' can't be part"),
        ("127.0.0.1:5000/../b", "'..' can't be part"),
        ("127.0.0.1:5000/a\x1b[2Jb", "can't be part"),
        (f"127.0.0.1:5000/{'a' * 300}", "characters"),
    ],
)
def test_what_is_no_registry(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(BadInput) as caught:
        parse("me:hunter2@registry.example.org/team")
    assert "hunter2" not in str(caught.value)
    assert "docker login" in str(caught.value)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("x\nno basic auth credentials\n", "docker login h:1`"),
        ("denied: requested access to the resource is denied", "allowed to push"),
        ("Error response from daemon: Get: http: server gave HTTP response to HTTPS client", "insecure-registries"),
        ("x509: certificate signed by unknown authority", "/etc/docker/certs.d/h:1/ca.crt"),
        ("dial tcp 127.0.0.1:1: connect: connection refused", "Does a registry run at h:1?"),
        ("unexpected EOF", "went away"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("", "it said nothing"),
    ],
)
def test_why_a_registry_refused_is_one_line(said: str, hint: str) -> None:
    told = str(fault("h:1/a/b:c", said))
    assert hint in told
    assert told.isprintable()


# Real registries --------------------------------------------------------------------------------------------------------


@dataclass
class Fixture:
    """A project of three apps: one good, one whose check fails, one over its budget."""

    root: Path
    prefix: str


def write(root: Path, box: Path, prefix: str) -> None:
    root.mkdir()
    (root / "tareweight.toml").write_text(f'prefix = "{prefix}"\n')
    tomls = {"good": CHECK, "wrong": CHECK.replace("hello\\n", "bye\\n"), "big": f'{CHECK}[budget]\nsize = "1kB"\n', "unproven": ""}
    for app, toml in tomls.items():
        (root / "apps" / app).mkdir(parents=True)
        (root / "apps" / app / "app.toml").write_text(toml)
        (root / "apps" / app / "name").write_text(prefix + app)
        shutil.copy(box, root / "apps" / app / "box")
        (root / "dockerfiles" / app).mkdir(parents=True)
        (root / "dockerfiles" / app / "single.Dockerfile").write_text('FROM scratch\nCOPY box name /\nUSER 65532\nENTRYPOINT ["/box"]\n')


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fixture]:
    folder = tmp_path_factory.mktemp("push")
    found = Fixture(folder / "project", f"tareweight-test-{secrets.token_hex(4)}")
    write(found.root, program(folder), found.prefix)
    done = tare(found.root, "build-all")
    assert "4 built" in done.stderr, done.stderr
    yield found
    remove_images(found.prefix)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("open") / "registry") as address:
        yield address


def known(address: str, repository: str) -> list[str]:
    """The tags that a registry has of a repository."""
    try:
        with urllib.request.urlopen(f"http://{address}/v2/{repository}/tags/list") as answer:
            return json.load(answer)["tags"] or []
    except urllib.error.HTTPError as error:
        error.close()
        return []


def names_here(address: str) -> str:
    return docker("image", "ls", "--all", "--format", "{{.Repository}}", "--filter", f"reference={address}/*/*")


@pytest.mark.engine
def test_what_passes_is_pushed_and_nothing_else(project: Fixture, place: str) -> None:
    done = tare(project.root, "push", "--registry", f"{place}/team")
    assert done.returncode == 1, done
    assert re.fullmatch(rf"{place}/team/good:single@{DIGEST}\n", done.stdout)
    assert re.search(r"wrong:single +not pushed: its checks fail: echo: ", done.stderr)
    assert re.search(r"big:single +not pushed: over budget: big:single: size", done.stderr)
    assert re.search(r"unproven:single +not pushed: nothing proves that it works", done.stderr)
    assert known(place, "team/good") == ["single"]
    assert not [app for app in ("wrong", "big", "unproven") if known(place, f"team/{app}")]
    assert names_here(place) == ""
    name = done.stdout.strip()
    assert docker("run", "--rm", name, "echo", "pulled") == "pulled"
    docker("image", "rm", name)


@pytest.mark.engine
def test_over_budget_alone_is_exit_4(project: Fixture, place: str) -> None:
    done = tare(project.root, "push", "--registry", f"{place}/four", "--app", "good", "--app", "big")
    assert done.returncode == 4, done
    assert known(place, "four/good") == ["single"]


@pytest.mark.engine
def test_what_is_stale_or_missing_is_refused(project: Fixture, place: str) -> None:
    file = project.root / "apps" / "good" / "name"
    before = file.read_text()
    file.write_text("other")
    try:
        done = tare(project.root, "push", "--registry", f"{place}/stale", "--app", "good")
    finally:
        file.write_text(before)
    assert done.returncode == 1
    assert "out of date (source changed): run `tare build-all`" in done.stderr
    done = tare(project.root, "push", "--registry", f"{place}/stale", "--app", "good", env={"TAREWEIGHT_PREFIX": f"{project.prefix}-none"})
    assert "there is no image: run `tare build-all`" in done.stderr
    assert known(place, "stale/good") == []


@pytest.mark.engine
def test_checks_that_are_due_are_run_first(project: Fixture, place: str) -> None:
    shutil.rmtree(project.root / ".tare" / "checks")
    done = tare(project.root, "push", "--registry", f"{place}/due", "--app", "good")
    assert done.returncode == 0, done
    assert "check ok 1/1" in done.stderr
    assert known(place, "due/good") == ["single"]


@pytest.mark.engine
def test_a_name_that_was_there_stands_for_the_same_afterwards(project: Fixture, place: str) -> None:
    name = f"{place}/kept/good:single"
    other = f"{project.prefix}/wrong:single"
    docker("image", "tag", other, name)
    try:
        assert tare(project.root, "push", "--registry", f"{place}/kept", "--app", "good").returncode == 0
        assert docker("image", "inspect", "--format", "{{.Id}}", name) == docker("image", "inspect", "--format", "{{.Id}}", other)
    finally:
        docker("image", "rm", name)


@pytest.mark.engine
def test_build_all_pushes_what_passes_with_every_tag(project: Fixture, place: str) -> None:
    done = tare(project.root, "build-all", "--push", "--registry", f"{place}/all", "--tag", "v1", "--app", "good", "--app", "wrong")
    assert done.returncode == 1
    assert re.fullmatch(rf"{place}/all/good:single@{DIGEST}\n", done.stdout)
    assert sorted(known(place, "all/good")) == ["single", "single-v1"]
    assert known(place, "all/wrong") == []


@pytest.mark.engine
def test_a_login_is_asked_for_and_then_used(project: Fixture, tmp_path: Path) -> None:
    env = {"DOCKER_CONFIG": str(tmp_path / "docker")}
    with registry(tmp_path / "registry", login=True) as address:
        words = ("push", "--registry", f"{address}/team", "--app", "good")
        done = tare(project.root, *words, env=env)
        assert done.returncode == 1
        assert f"Run `docker login {address}`" in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert names_here(address) == ""
        docker("login", "--username", USER, "--password-stdin", address, env=env, stdin=PASSWORD)
        done = tare(project.root, *words, env=env)
        assert done.returncode == 0, done.stderr
        assert re.fullmatch(rf"{address}/team/good:single@{DIGEST}\n", done.stdout)


@pytest.mark.engine
def test_no_registry_is_one_line_for_each(project: Fixture) -> None:
    address = f"127.0.0.1:{free_port()}"
    done = tare(project.root, "push", "--registry", f"{address}/team", "--app", "good")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(rf"good:single +not pushed: {address}/team/good:single: .*connection refused\. Does a registry run at {address}\?\n", done.stderr)
    assert names_here(address) == ""


@pytest.mark.engine
def test_a_registry_that_dies_half_way(tmp_path: Path) -> None:
    root = tmp_path / "project"
    write(root, program(tmp_path), "tareweight-test-dying")
    # This store tries once; the classic one tries five times, which takes most of a minute.
    with second_engine(tmp_path / "engine", {"features": {"containerd-snapshotter": True}}) as host, dying_registry() as address:
        env = {"DOCKER_HOST": host}
        assert tare(root, "build-all", "--app", "good", env=env).returncode == 0
        done = tare(root, "push", "--registry", f"{address}/team", "--app", "good", env=env)
        assert done.returncode == 1
        assert done.stdout == ""
        assert re.fullmatch(rf"good:single +not pushed: {address}/team/good:single: .*The registry went away or failed: .*push again\n", done.stderr)
        assert docker("image", "ls", "--format", "{{.Repository}}", env=env) == "tareweight-test-dying/good"


@pytest.mark.engine
@pytest.mark.parametrize("words", [("push",), ("push", "--registry", "nowhere"), ("build-all", "--push"), ("build-all", "--registry", "localhost/x")])
def test_bad_words_are_one_line_before_anything_is_asked(project: Fixture, words: tuple[str, ...]) -> None:
    done = tare(project.root, *words, env={"DOCKER_HOST": "unix:///nowhere", "PATH": os.environ["PATH"]})
    assert done.returncode == 2
    assert done.stderr.startswith("tareweight: --registry")
    assert len(done.stderr.splitlines()) == 1
