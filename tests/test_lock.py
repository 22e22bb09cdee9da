from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.making import weight

from tareweight import lock
from tareweight.errors import BadInput, TareError
from tareweight.lock import Change, Entry, Held
from tareweight.scale.weight import CLASSES, Package, Surface
from tareweight.settings import BASELINE

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "lock.schema.json").read_text(encoding="utf-8"))
LIBC = Package("deb", "libc6", "2.41-12", 13_000_000, 300)
ICU = Package("deb", "libicu72", "72.1-6", 36_100_000, 40)


def entry(size: int = 100, *packages: Package, download: int | None = None, **more: Any) -> Entry:
    return lock.entry(weight(size, packages=packages, **more), download)


def test_entry_keeps_what_a_weight_says() -> None:
    found = entry(50, LIBC, Package("apk", "musl", "1", 5, 1), download=20, surface=Surface(shells=("/bin/sh",)), user="")
    assert found == Entry(
        platform="linux/amd64",
        size=50,
        download=20,
        user="",
        traits=("root", "shell"),
        classes={**dict.fromkeys(CLASSES, 0), "app": 50},
        packages=(Held("apk", "musl", "1", 5), Held("deb", "libc6", "2.41-12", 13_000_000)),
    )


def test_the_text_has_a_line_for_each_package_and_comes_back(tmp_path: Path) -> None:
    entries = {"b:single": entry(50, ICU, LIBC, LIBC, download=20), "a:scratch": entry(0)}
    text = lock.dump(entries)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert text.count('["deb", "libc6", "2.41-12", 13000000]') == 2
    assert '\n    ["deb", "libicu72", "72.1-6", 36100000]\n' in text
    assert text.index("a:scratch") < text.index("b:single")
    assert text == lock.dump(dict(reversed(entries.items())))
    (tmp_path / BASELINE).write_text(text)
    assert lock.of_project(tmp_path) == entries


def test_odd_names_come_back() -> None:
    odd = entry(1, Package("maven", 'a "b"\n\x1b[31m', "1.0 (build 5)", 1, 1), Package("npm", "\udcff\u202e", "", 1, 1))
    text = lock.dump({"a:b": odd})
    assert text.isascii()
    assert "\x1b" not in text
    assert lock.parse(text, "x", "") == {"a:b": odd}


def test_a_thousand_packages_stay_small() -> None:
    packages = [Package("deb", f"libsomething-dev-{number}", "1:2.41-12+deb13u1", number, 1) for number in range(1000)]
    assert len(lock.dump({"a:single": entry(1, *packages)})) < 70_000


def test_write_keeps_the_targets_that_were_not_asked_for(tmp_path: Path) -> None:
    file = tmp_path / BASELINE
    old, new = entry(1), entry(2)
    lock.write(file, {"a:one": old, "a:two": old, "gone:one": old}, ["a:one", "a:two", "gone:one"])
    lock.write(file, {"a:one": new}, ["a:one", "a:two", "a:three"])
    assert lock.read(file) == {"a:one": new, "a:two": old}
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == [BASELINE]


def test_write_anew_over_what_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / BASELINE
    file.write_text("<<<<<<< HEAD")
    with pytest.raises(BadInput, match="not JSON"):
        lock.write(file, {"a:one": entry(1)}, ["a:one", "a:two"])
    assert file.read_text() == "<<<<<<< HEAD"
    lock.write(file, {"a:one": entry(1)}, ["a:one"])
    assert list(lock.read(file)) == ["a:one"]


def test_write_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / BASELINE).mkdir()
    with pytest.raises(TareError, match=r"can't be written: .*\. Make room and rights for it$"):
        lock.write(tmp_path / BASELINE, {"a:one": entry(1)}, ["a:one"])


def test_a_baseline_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / BASELINE)
    with pytest.raises(BadInput, match="not a regular file"):
        lock.of_project(tmp_path)


def test_deltas() -> None:
    then = entry(100_000_000, LIBC, Package("npm", "lodash", "1", 10, 1), Package("deb", "tar", "1", 500, 1), Package("pypi", "same", "1", 7, 1), download=40)
    now = entry(
        150_000_000, ICU, LIBC._replace(version="2.41-13", bytes=13_000_100), Package("npm", "lodash", "1", 10, 1), Package("npm", "lodash", "2", 20, 1),
        Package("pypi", "same", "1", 7, 1), download=30, surface=Surface(setuid=("/usr/bin/su",)),
    )  # fmt: skip
    delta = lock.deltas(then, now)
    assert delta.size == 50_000_000
    assert delta.download == -10
    assert delta.packages == (
        Change("deb", "libicu72", (), ("72.1-6",), 36_100_000),
        Change("deb", "tar", ("1",), (), -500),
        Change("deb", "libc6", ("2.41-12",), ("2.41-13",), 100),
        Change("npm", "lodash", ("1",), ("1", "2"), 20),
    )
    assert [change.kind for change in delta.packages] == ["added", "dropped", "changed", "changed"]
    assert delta.rest == 50_000_000 - 36_100_000 + 500 - 100 - 20
    assert delta.classes == {"app": 50_000_000}
    assert (delta.gained, delta.lost) == (("setuid",), ())
    back = lock.deltas(now, then)
    assert (back.size, back.gained, back.lost) == (-50_000_000, (), ("setuid",))


def test_deltas_of_equals() -> None:
    delta = lock.deltas(entry(5, LIBC), entry(5, LIBC, download=3))
    assert (delta.size, delta.download, delta.packages, delta.classes, delta.rest) == (0, None, (), {}, 0)


def document(**more: Any) -> dict[str, Any]:
    target = json.loads(lock.dump({"a:b": entry(5, LIBC)}))["targets"]["a:b"]
    return {"version": 1, "targets": {"a:b": {**target, **more}}}


WRONG: dict[str, tuple[Any, str]] = {
    "no table": ([], "the file: should be a table"),
    "no version": ({"targets": {}}, "version: should be a number"),
    "a version in words": ({"version": "1"}, "version: should be a number"),
    "true": ({"version": True, "targets": {}}, "version: should be a number"),
    "a later version": ({"version": 2, "targets": 5}, "version: 2 is another version of baselines; this Tareweight knows 1"),
    "no targets": ({"version": 1}, "targets: should be a table"),
    "a target that is a list": ({"version": 1, "targets": {"a:b": []}}, "targets.a:b: should be a table"),
    "no size": (document(size=None), "targets.a:b.size: should be a count"),
    "a size in words": (document(size="5"), "targets.a:b.size: should be a count"),
    "a negative size": (document(size=-5), "targets.a:b.size: should be a count"),
    "a broken size": (document(size=1.5), "targets.a:b.size: should be a count"),
    "a download in words": (document(download="5"), "targets.a:b.download: should be a count"),
    "surface of numbers": (document(surface=[1]), "targets.a:b.surface: should be a list of strings"),
    "surface in a word": (document(surface="shell"), "targets.a:b.surface: should be a list of strings"),
    "classes in a list": (document(classes=[]), "targets.a:b.classes: should be a table"),
    "a class without count": (document(classes={"os": None}), "targets.a:b.classes.os: should be a count"),
    "packages in a table": (document(packages={}), "targets.a:b.packages: should be a list"),
    "a package that is cut": (document(packages=[["deb", "a", "1", 5], ["deb", "b"]]), "targets.a:b.packages[2]: should be [type, name, version, bytes]"),
    "a package without bytes": (document(packages=[["deb", "a", "1", True]]), "targets.a:b.packages[1]: should be"),
    "a package with less than nothing": (document(packages=[["deb", "a", "1", -1]]), "targets.a:b.packages[1]: should be"),
}


@pytest.mark.parametrize(("value", "said"), WRONG.values(), ids=WRONG)
def test_wrong_values_are_named(tmp_path: Path, value: Any, said: str) -> None:
    file = tmp_path / "then.json"
    file.write_text(json.dumps(value))
    with pytest.raises(BadInput) as told:
        lock.read(file)
    assert str(told.value).startswith(f"{file}: {said}")
    assert str(told.value).endswith("delete it and run that")


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "not JSON"), (b"{", "not JSON"), (b"[" * 100_000, "not JSON"), (b"\xff\xfe", "not UTF-8"), (b"9" * 10_000, "not JSON")]
)
def test_what_is_no_baseline(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "then.json"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        lock.read(file)


def test_no_file(tmp_path: Path) -> None:
    assert lock.of_project(tmp_path) == {}
    with pytest.raises(BadInput, match=r"there is no baseline\. Run `invoke baseline`"):
        lock.read(tmp_path / BASELINE)
    with pytest.raises(BadInput, match="Is a directory"):
        lock.read(tmp_path)


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A repository at `tmp_path`, known to nobody's settings."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet")
    return run


def test_against_a_revision(tmp_path: Path, git: Callable[..., str]) -> None:
    root = tmp_path / "a folder"
    file = root / BASELINE
    root.mkdir()
    git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    for size in (1, 2):
        lock.write(file, {"a:one": entry(size)}, ["a:one"])
        git("add", ".")
        git("commit", "--quiet", "-m", str(size))
    git("tag", "v1", "HEAD~1")
    lock.write(file, {"a:one": entry(3)}, ["a:one"])
    assert lock.against("v1", root) == {"a:one": entry(1)}
    assert lock.against(git("rev-parse", "HEAD"), root) == {"a:one": entry(2)}
    assert lock.against(str(file), root) == {"a:one": entry(3)}
    with pytest.raises(BadInput, match=r"^--against HEAD~2: that revision has no tareweight\.lock\.json\. Name one at which"):
        lock.against("HEAD~2", root)
    # A file of that name wins.
    (tmp_path / "v1").write_text(lock.dump({"b:two": entry(4)}))
    assert lock.against("v1", root) == {"b:two": entry(4)}


def test_a_revision_with_a_baseline_of_another_version(tmp_path: Path, git: Callable[..., str]) -> None:
    (tmp_path / BASELINE).write_text('{"version": 0}')
    git("add", ".")
    git("commit", "--quiet", "-m", "old")
    with pytest.raises(BadInput, match=r"^HEAD:tareweight\.lock\.json: version: 0 is another version of baselines; .*\. Name a later revision"):
        lock.against("HEAD", tmp_path)


@pytest.mark.parametrize("text", ["", "-n", "--output=x", "nope", "missing.json", "a..b", "HEAD:x", "x" * 5000, "a\nb", "."])
def test_neither_file_nor_revision(tmp_path: Path, git: Callable[..., str], text: str) -> None:
    git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    with pytest.raises(BadInput, match="neither a file nor a git revision"):
        lock.against(text, tmp_path)
    assert not (tmp_path / "x").exists()


def test_a_revision_that_git_cannot_look_up(tmp_path: Path, git: Callable[..., str]) -> None:
    git("commit", "--quiet", "--allow-empty", "-m", "nothing")
    with pytest.raises(BadInput, match=r"git says: .*upstream"):
        lock.against("@{upstream}", tmp_path)


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(BadInput, match=r"there is no such file, and .* is in no git repository"):
        lock.against("HEAD", tmp_path)


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match=r"git can't be asked: .*not found"):
        lock.against("HEAD", tmp_path)
