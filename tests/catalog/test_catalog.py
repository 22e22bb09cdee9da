from __future__ import annotations

import os
from pathlib import Path

import pytest

from tareweight.catalog import Expect, Local, Target, discover, select
from tareweight.errors import BadInput
from tareweight.settings import Settings


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def found(root: Path) -> list[Target]:
    return discover(Settings(root.resolve()))


def app(root: Path, text: str) -> Target:
    write(root, {"apps/a/app.toml": text, "dockerfiles/a/single.Dockerfile": "FROM scratch"})
    return found(root)[0]


def test_matrix(tmp_path: Path) -> None:
    write(tmp_path, {f"dockerfiles/{name}.Dockerfile": "FROM scratch" for name in ("b/single", "b/alpine", "a/one", "a/two", "bases/debian")})
    write(tmp_path, {"apps/b/app.toml": "", "apps/a/app.toml": 'baseline = "two"', "apps/notes/README": "", "dockerfiles/a/two.Dockerfile.dockerignore": ""})
    targets = found(tmp_path)
    assert [target.name for target in targets] == ["a:two", "a:one", "b:single", "b:alpine"]
    assert [target.name for target in select(targets, ["b"], ["alpine", "single"])] == ["b:single", "b:alpine"]
    assert select(targets, [], []) == targets
    with pytest.raises(BadInput, match="--variant one: unknown variant"):
        select(targets, ["b"], ["one"])


def test_one_app_at_the_root(tmp_path: Path) -> None:
    root = tmp_path / "My App"
    write(root, {"app.toml": "", "Dockerfile": "FROM scratch", "slim.Dockerfile": "FROM scratch"})
    assert [(target.name, target.dockerfile.name) for target in found(root)] == [("my-app:single", "Dockerfile"), ("my-app:slim", "slim.Dockerfile")]


def test_everything_in_an_app(tmp_path: Path) -> None:
    target = app(
        tmp_path,
        """
title = "A"
description = "an app"
version = "3"
context = "."
[run]
port = 80
writable = ["/tmp"]
memory = "1GB"
env = { K = "v" }
[local]
run = ["./run", "it"]
env = { HOST = "127.0.0.1" }
[variants.single]
capabilities = ["NET_BIND_SERVICE"]
[[check]]
name = "line"
args = ["1"]
stdin = "x"
exit = 3
stdout = "exact"
stderr = { pattern = "^e" }
timeout = 2.5
[[check]]
name = "page"
path = "/"
status = 204
headers = { "x-y" = { contains = "z" } }
body = "b"
""",
    )
    assert (target.app.title, target.app.version, target.app.context) == ("A", "3", tmp_path.resolve() / "apps" / "a")
    assert target.needs.declared() == "+NET_BIND_SERVICE, rw /tmp"
    assert (target.needs.port, target.needs.memory, target.needs.env) == (80, 10**9, (("K", "v"),))
    assert target.app.needs_of("other").capabilities == ()
    assert target.app.local == Local(("./run", "it"), (("HOST", "127.0.0.1"),))
    line, page = target.app.checks
    assert (line.args, line.exit, line.timeout, line.stdout, line.stderr) == (("1",), 3, 2.5, Expect("exact", "exact"), Expect("pattern", "^e"))
    assert page.http is not None
    assert (page.http.status, page.http.headers, page.http.body) == (204, (("x-y", Expect("contains", "z")),), Expect("exact", "b"))


def test_a_variant_by_anothers_dockerfile(tmp_path: Path) -> None:
    text = """
[run]
memory = "1GB"
[variants.debug]
from = "small"
args = { BASE = "base:debug", EMPTY = "" }
port = 81
[variants.small]
port = 80
writable = ["/tmp"]
[variants.single]
args = { BASE = "other" }
"""
    write(tmp_path, {"apps/a/app.toml": text, "dockerfiles/a/single.Dockerfile": "FROM scratch", "dockerfiles/a/small.Dockerfile": "FROM scratch"})
    single, debug, small = found(tmp_path)
    assert [target.name for target in (single, debug, small)] == ["a:single", "a:debug", "a:small"]
    assert debug.dockerfile == small.dockerfile
    assert (debug.args, small.args, single.args) == ({"BASE": "base:debug", "EMPTY": ""}, {}, {"BASE": "other"})
    # It needs what the other needs, but for what it says itself.
    assert (debug.needs.port, debug.needs.writable, debug.needs.memory) == (81, ("/tmp",), 10**9)
    assert (small.needs.port, small.needs.memory) == (80, 10**9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[variants.debug]\nfrom = "singel"', "variants.debug.from: there is no Dockerfile of a variant 'singel'. Did you mean 'single'?"),
        ('[variants.debug]\nfrom = "debug"', "variants.debug.from: there is no Dockerfile of a variant 'debug'"),
        ('[variants.debug]\nfrom = "other"\n[variants.other]\nfrom = "single"', "variants.debug.from: there is no Dockerfile of a variant 'other'"),
        ('[variants.single]\nfrom = "single"', "variants.single.from: there is a Dockerfile single.Dockerfile, too"),
        ('[variants.debug]\nargs = { A = "b" }', "variants.debug: there is no such Dockerfile"),
        ('[variants."de bug"]\nfrom = "single"', "'de bug' can't be an image's tag"),
        ("[variants.debug]\nfrom = 1", "variants.debug.from: should be a string"),
        ('[variants.single]\nargs = ["A"]', "variants.single.args: should be a table of strings"),
        ("[variants.single]\nargs = { A = 1 }", "variants.single.args: A should be a string"),
        ("[run]\nport = 0", "run.port: 0 is out of range"),
        ('[run]\nwritable = ["tmp"]', "'tmp' is not an absolute path"),
        ('[run]\nwritable = ["/a/../b"]', "is not an absolute path"),
        ('[run]\ncapabilities = ["ALL"]', "'ALL' is not a capability"),
        ('[run]\nmemory = "0MB"', "'0MB' is not a size"),
        ("[run]\nprot = 1", "run.prot: unknown key. Did you mean 'port'?"),
        ("[local]", "local.run: names no program"),
        ('[local]\nrun = "go run ."', "local.run: should be a list of strings"),
        ('[local]\nrun = ["a\\u0000b"]', "local.run: holds a NUL character"),
        ('title = "a\\u0000b"', "title: holds a NUL character"),
        ('[run]\nenv = { A = "a\\u0000b" }', "run.env: holds a NUL character"),
        ('[[check]]\nname = "x"\nargs = ["a\\u0000b"]', "args: holds a NUL character"),
        ('[[check]]\nname = "x"\ntimeout = 1e300', "is out of range. Give 86400 or less"),
        ('[local]\nrun = ["a"]\nenv = { "A=B" = "c" }', "can't be set in an environment"),
        ('[local]\nrun = ["a"]\nshell = true', "local.shell: unknown key"),
        ("variants = 1", "variants: should be a table"),
        ('context = "a\\u0000b"', "context: holds a NUL character"),
        ('context = "app.toml"', "is not a folder"),
        ('context = "/etc"', "leads out of the project"),
        ("check = 1", "check: should be [[check]] tables"),
        ('[[check]]\nname = "x"\npath = "y"', "'y' doesn't begin with /"),
        ('[[check]]\nname = "x"\npath = "/"\nargs = []', "args: unknown key"),
        ('[[check]]\nname = "x"\nexit = 256', "256 is out of range"),
        ('[[check]]\nname = "x"\nstdout = true', "stdout: "),
        ('[[check]]\nname = "x"\nstdout = { like = "y" }', "should be a string, or one of"),
        ('[[check]]\nname = "x"\nstdout = { exact = "y", contains = "z" }', "should be a string, or one of"),
    ],
)
def test_bad_app(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as told:
        app(tmp_path, text)
    assert str(told.value).startswith(str(tmp_path.resolve() / "apps/a/app.toml") + ":")
    assert said in str(told.value)


def test_links_that_lead_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.Dockerfile").write_text("FROM scratch")
    root = tmp_path / "project"
    app(root, "")
    (root / "dockerfiles" / "a" / "out.Dockerfile").symlink_to(outside / "x.Dockerfile")
    with pytest.raises(BadInput, match=r"out\.Dockerfile: leads out of the project"):
        found(root)
    (root / "dockerfiles" / "a" / "out.Dockerfile").unlink()
    (root / "dockerfiles" / "a" / "loop.Dockerfile").symlink_to("loop.Dockerfile")
    with pytest.raises(BadInput, match=r"loop\.Dockerfile: "):
        found(root)
    (root / "dockerfiles" / "a" / "loop.Dockerfile").unlink()
    os.mkfifo(root / "dockerfiles" / "a" / "pipe.Dockerfile")
    with pytest.raises(BadInput, match=r"pipe\.Dockerfile: not a regular file"):
        found(root)
    (root / "dockerfiles" / "a" / "pipe.Dockerfile").unlink()
    (root / "apps" / "a" / "src").symlink_to(outside)
    with pytest.raises(BadInput, match="leads out of the project"):
        app(root, 'context = "src"')


def test_expect() -> None:
    assert Expect("exact", "a").holds("a")
    assert not Expect("exact", "a").holds("a\n")
    assert Expect("contains", "b").holds("abc")
    assert Expect("pattern", "^b$").holds("a\nb\nc")
    assert not Expect("pattern", "^c$").holds("abc")
    assert str(Expect("contains", "b")) == "something with 'b'"
