from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tareweight import context
from tareweight.context import StatCache, ignore_file
from tareweight.errors import BadInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "context"
    (made / "sub" / "deep").mkdir(parents=True)
    (made / "a").write_text("a")
    (made / "sub" / "b").write_text("b")
    (made / "link").symlink_to("a")
    (made / ".dockerignore").write_text("ignored\n**/*.log\n")
    return made


def fresh(folder: Path) -> str:
    """The hash without any memory."""
    return StatCache(folder.parent / "none").context(folder, ignore_file(folder, folder / "Dockerfile"))


def relink(folder: Path) -> None:
    (folder / "link").unlink()
    (folder / "link").symlink_to("sub/b")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a byte": lambda f: (f / "a").write_text("b"),
    "a byte deep down": lambda f: (f / "sub" / "b").write_text("c"),
    "a file's mode": lambda f: (f / "a").chmod(0o755),
    "a folder's mode": lambda f: (f / "sub").chmod(0o700),
    "a new file": lambda f: (f / "sub" / "new").write_text(""),
    "a file less": lambda f: (f / "a").unlink(),
    "an empty folder": lambda f: (f / "sub" / "empty").mkdir(),
    "another name": lambda f: (f / "a").rename(f / "c"),
    "a link's target": relink,
    "a name that is no text": lambda f: Path(os.fsdecode(os.fsencode(f) + b"/\xff")).write_text("x"),
    "the ignore file": lambda f: (f / ".dockerignore").write_text("ignored\n**/*.log\nsub\n"),
}
NO_CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _: None,
    "a time": lambda f: os.utime(f / "a", (1, 1)),
    "an ignored file": lambda f: (f / "ignored").write_text("x"),
    "an ignored file deep down": lambda f: (f / "sub" / "deep" / "x.log").write_text("x"),
    "the same bytes in another file": lambda f: ((f / "new").write_text("a"), (f / "new").rename(f / "a")),
    "a file beside the context": lambda f: (f.parent / "x").write_text("x"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_the_hash(folder: Path, change: Callable[[Path], object]) -> None:
    cache = StatCache(folder.parent / ".tare")
    ignore = ignore_file(folder, folder / "Dockerfile")
    before = cache.context(folder, ignore)
    cache.save()
    change(folder)
    now = fresh(folder)
    assert now != before
    assert StatCache(folder.parent / ".tare").context(folder, ignore) == now


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_leaves_it(folder: Path, change: Callable[[Path], object]) -> None:
    before = fresh(folder)
    change(folder)
    assert fresh(folder) == before


def test_a_remembered_hash_reads_no_file_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_RACY", -60_000_000_000)  # as if all were older
    cache = StatCache(folder.parent / ".tare")
    ignore = ignore_file(folder, folder / "Dockerfile")
    before = cache.context(folder, ignore)
    cache.save()
    monkeypatch.setattr(context, "_scan", lambda *_: pytest.fail("read again"))
    assert StatCache(folder.parent / ".tare").context(folder, ignore) == before


def test_same_size_and_time_is_not_believed(folder: Path) -> None:
    cache = StatCache(folder.parent / ".tare")
    before = cache.context(folder, None)
    found = (folder / "a").stat()
    (folder / "a").write_text("z")
    os.utime(folder / "a", ns=(found.st_atime_ns, found.st_mtime_ns))
    assert cache.context(folder, None) != before


KEY = "KEY"
CORRUPT = [
    "",
    "[]",
    '{"version": VERSION}',
    '{"version": 99, "contexts": {}}',
    '{"version": VERSION, "contexts": {"KEY": 3}}',
    '{"version": VERSION, "contexts": {"KEY": {}}}',
    '{"version": VERSION, "contexts": {"KEY": {"exceptions": true}}}',
    '{"version": VERSION, "contexts": {"KEY": {"exceptions": true, "entries": [], "taken": "x"}}}',
    '{"version": VERSION, "contexts": {"KEY": {"exceptions": false, "entries": {"a": 3}, "taken": 9, "ignore": null}}}',
    '{"version": VERSION, "contexts": {"KEY": {"exceptions": false, "entries": {"a": []}, "taken": 9, "ignore": null, "hash": "x"}}}',
]


@pytest.mark.parametrize("text", CORRUPT)
def test_a_corrupt_cache_is_only_slower(folder: Path, text: str) -> None:
    tare = folder.parent / ".tare"
    cache = StatCache(tare)
    good = cache.context(folder, None)
    cache.save()
    (key,) = json.loads((tare / "contexts.json").read_text())["contexts"]
    (tare / "contexts.json").write_text(text.replace("VERSION", str(context._VERSION)).replace(KEY, key))
    assert StatCache(tare).context(folder, None) == good


def test_which_ignore_file(folder: Path) -> None:
    dockerfile = folder / "x.Dockerfile"
    assert ignore_file(folder, dockerfile) == folder / ".dockerignore"
    own = folder / "x.Dockerfile.dockerignore"
    own.write_text("")
    assert ignore_file(folder, dockerfile) == own
    assert ignore_file(folder.parent, folder / "y" / "Dockerfile") is None


def test_exceptions_are_looked_at_each_time(folder: Path) -> None:
    (folder / ".dockerignore").write_bytes(b"*\n!sub/deep/kept\n# \xff\n")
    cache = StatCache(folder.parent / ".tare")
    before = cache.context(folder, folder / ".dockerignore")
    (folder / "a").write_text("other")
    assert cache.context(folder, folder / ".dockerignore") == before
    (folder / "sub" / "deep" / "kept").write_text("x")
    assert cache.context(folder, folder / ".dockerignore") != before


def test_no_content_of_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    began = time.monotonic()
    fresh(folder)
    assert time.monotonic() - began < 2


def test_unreadable_is_bad_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    cache = StatCache(folder.parent / "none")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInput, match=r": Permission denied\. Make it readable"):
        cache.context(folder, None)


IGNORED = {
    "sub": {"a", "x.log"},
    "sub\n!sub/deep/c": {"a", "sub", "sub/deep", "sub/deep/c", "x.log"},
    "*\n!**/c": {"sub", "sub/deep", "sub/deep/c"},
    "**\n!sub/*.log": {"sub", "sub/x.log"},
    "**/*.log": {"a", "sub", "sub/deep", "sub/deep/c"},
    "[^s]*": {"sub", "sub/deep", "sub/deep/c", "sub/x.log"},
    "/sub/deep/": {"a", "sub", "sub/x.log", "x.log"},
    "# sub\n  a  \n": {"sub", "sub/deep", "sub/deep/c", "sub/x.log", "x.log"},
    "sub\n[\n": {"a", "x.log"},
}


def fill(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.mark.parametrize(("text", "sent"), IGNORED.items())
def test_what_is_sent(tmp_path: Path, text: str, sent: set[str]) -> None:
    root = fill(tmp_path / "context", ("a", "x.log", "sub/x.log", "sub/deep/c"))
    ignore = tmp_path / "ignore"
    ignore.write_text(text)
    cache = StatCache(tmp_path / ".tare")
    cache.context(root, ignore)
    cache.save()
    (kept,) = json.loads((tmp_path / ".tare" / "contexts.json").read_text())["contexts"].values()
    assert set(kept["entries"]) - {""} == sent


MANY = [
    "*",
    "*\n!src",
    "*\n!src/main.go",
    "**/node_modules",
    "node_modules",
    "/a",
    "./a",
    "sub/",
    "sub/*",
    "sub/**",
    "**/*.log",
    "*.log",
    "sub\n!sub/deep",
    "sub\n!sub/deep/c",
    "**\n!**/*.log",
    "  a  ",
    " # a\nb.log",
    "#hash",
    "\\#hash",
    "x y",
    "sub/../a",
    "src/g?n",
    "s[ru]b",
    "[^s]*",
    "**/deep/**",
    "*/b.log",
    "!a\na",
    "a\n!a",
    "**/b.log\n!sub/deep/b.log",
    "sub/deep/",
    "/",
    ".",
    "*\n!src/*.go",
    "*\n!**/main.go",
    "Dockerfile\n.dockerignore",
    "\\!bang",
    "../x",
    "a/",
    "sub//a",
    "src/gen\n!src/gen/z\n",
    "***",
    "s*/d**",
    "sub/**/c",
    "\ufeffa",
    "**.log",
    "**b.log",
    "sub**",
    "**/sub/*",
    "*a*",
    "**/*.g?",
    "!sub\n*\n!sub/deep",
    "*\n!sub\nsub/deep",
    "[a-b]*",
    "(a)",
    "**/",
    "/**",
    "/sub/a",
    "//a",
    "! a\n*\n! a",
    "**/**",
    "a.b",
    "sub/**/*\n!sub/**/c",
    "*.*",
    "\\a",
]
NAMES = [
    "a",
    "b.log",
    "sub/a",
    "sub/b.log",
    "sub/deep/c",
    "sub/deep/b.log",
    "node_modules/x",
    "sub/node_modules/y",
    "src/main.go",
    "src/gen/z",
    "#hash",
    "x y",
    ".git/c",
    "Dockerfile",
    "[br]",
    "!bang",
]


@pytest.mark.engine
def test_buildkit_sends_the_same(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")

    def differs(pair: tuple[int, str]) -> object:
        number, text = pair
        root = fill(tmp_path / f"context{number}", NAMES)
        out = tmp_path / f"out{number}"
        (root / ".dockerignore").write_text(text)
        words = ["docker", "buildx", "build", "-q", "-f", str(tmp_path / "Dockerfile"), "--output", f"type=local,dest={out}", str(root)]
        subprocess.run(words, check=True, capture_output=True)
        real = {str(path.relative_to(out)) for path in out.rglob("*")}
        ours = set(context._paths(root, root / ".dockerignore"))
        return (text, real ^ ours) if real != ours else None

    with ThreadPoolExecutor(8) as pool:
        assert [found for found in pool.map(differs, enumerate(MANY)) if found] == []


def test_our_own_files_in_a_context_change_nothing(folder: Path) -> None:
    """In a project of one app the context is the root, where `.tare/` and the baseline lie: writing them must not make images stale."""
    cache = StatCache(folder / ".tare")
    before = cache.context(folder, None)
    cache.save()
    (folder / "tareweight.lock.json").write_text("{}")
    assert StatCache(folder / ".tare").context(folder, None) == before
    (folder / "sub" / "tareweight.lock.json").write_text("{}")  # somebody else's
    assert StatCache(folder / ".tare").context(folder, None) != before
