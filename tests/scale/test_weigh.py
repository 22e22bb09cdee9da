"""Weighing real images, those that were weighed before, and those that can't be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tareweight.bases.resolve import Base
from tareweight.engine import client
from tareweight.engine.client import Engine
from tareweight.errors import BaseUnavailable, TareError
from tareweight.scale import beside, files, kept, layers, naming, weigh, weight
from tareweight.scale.weight import Weight

pytestmark = pytest.mark.engine

Scanner = Callable[[], Base]
Import = Callable[..., str]


def docker(*words: str, stdin: bytes = b"") -> str:
    return subprocess.run(["docker", *words], input=stdin, capture_output=True, check=True).stdout.decode().strip()


@pytest.fixture
def put(tmp_path: Path, engine: Engine, scanner: Scanner) -> Callable[..., dict[str, Weight | TareError]]:
    """`put("name", ...)` weighs images with `.tare` in the test's folder."""

    def one(*names: str, **more: Any) -> dict[str, Weight | TareError]:
        return weigh.weigh({name: name for name in names}, **{"tare": tmp_path / ".tare", "engine": engine, "scanner": scanner, **more})

    return one


Put = Callable[..., dict[str, Weight | TareError]]


def no_questions(*_: object, **__: object) -> None:
    pytest.fail("nothing is to be asked")


def test_a_small_image_is_weighed_to_the_byte(put: Put, imported: Import, tmp_path: Path) -> None:
    name = imported("one:1", {"app/server": b"x" * 1000, "etc/passwd": b"root:x:0:0"}, "--change", "USER 7", "--change", 'CMD ["/app/server"]')
    found = put(name)[name]
    assert isinstance(found, Weight)
    assert (found.size, found.layered, found.waste, found.scan.files) == (1010, 1010, 0, 2)
    assert found.scan.classes["app"] == 1000, "the command is a hint"
    assert found.scan.complete
    assert found.config.user == "7"
    assert [layer.instruction for layer in found.layers] == ["docker import"]
    rows = files.read(kept.table(tmp_path / ".tare", found.image_id))
    assert {path: row.bytes for path, row in rows.items()} == {"/app/server": 1000, "/etc/passwd": 10}


def test_what_was_weighed_costs_no_question(put: Put, imported: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    name = imported("one:1", {"a": b"1"})
    first = put(name)[name]
    assert isinstance(first, Weight)
    monkeypatch.setattr(beside, "run_steps", no_questions)
    monkeypatch.setattr(layers, "read", no_questions)
    assert put(name)[name] == first
    monkeypatch.setattr(client, "run", no_questions)
    assert put(first.image_id)[first.image_id] == first
    assert put() == {}


def test_two_weighings_are_identical(put: Put, imported: Import, tmp_path: Path) -> None:
    name = imported("one:1", {f"folder/{number}": bytes(number) for number in range(50)})
    written = []
    for _ in range(2):
        found = put(name, no_cache=True)[name]
        assert isinstance(found, Weight)
        written.append([file.read_bytes() for file in sorted((tmp_path / ".tare" / "weights").iterdir())])
    assert written[0] == written[1]
    assert len(written[0]) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", "[" * 100_000, '{"version": 1}', "older", "lies"])
def test_a_corrupt_weight_is_weighed_anew(put: Put, imported: Import, tmp_path: Path, content: str) -> None:
    name = imported("one:1", {"a": b"123"})
    first = put(name)[name]
    assert isinstance(first, Weight)
    file = kept.table(tmp_path / ".tare", first.image_id).with_name(first.image_id.removeprefix("sha256:") + ".json")
    told = weight.dump(first)
    changed = {"older": {**told, "version": weight.VERSION - 1}, "lies": {**told, "image_id": "sha256:" + "0" * 64}}
    file.write_text(json.dumps(changed[content]) if content in changed else content)
    assert kept.load(tmp_path / ".tare", first.image_id) is None
    assert put(name)[name] == first
    assert kept.load(tmp_path / ".tare", first.image_id) == first


def test_a_weight_without_its_table_is_made_anew_where_the_table_is_wanted(put: Put, imported: Import, tmp_path: Path) -> None:
    name = imported("one:1", {"a": b"123"})
    first = put(name)[name]
    assert isinstance(first, Weight)
    table = kept.table(tmp_path / ".tare", first.image_id)
    table.unlink()
    put(name)
    assert not table.exists()
    put(name, files=True)
    assert files.read(table)["/a"].bytes == 3


def test_what_is_not_there_spoils_no_other(put: Put, imported: Import) -> None:
    name = imported("one:1", {"a": b"123"})
    bad = ["tareweight-test-none/none:1", "docker.io/tareweight-test-none/none", "BAD:::", "-x", "../x", "", "a b", "sha256:" + "0" * 64, "0" * 12, "\x1b[31m"]
    found = put(name, *bad)
    assert isinstance(found.pop(name), Weight)
    for one in bad:
        error = found[one]
        assert isinstance(error, TareError)
        assert "there is no image" in error.what
        assert "\x1b" not in str(error)


def test_names_of_one_image_are_weighed_once(put: Put, imported: Import) -> None:
    name = imported("one:1", {"a": b"123"})
    docker("tag", name, f"{name}-too")
    first, second = put(name, f"{name}-too").values()
    assert first is second


@pytest.mark.parametrize("platform", ["linux/arm64", "linux/arm/v7", "linux/riscv64"])
def test_an_image_for_another_platform_is_weighed_with_the_others(put: Put, imported: Import, platform: str) -> None:
    here = imported("here:1", {"a": b"123"})
    there = imported("there:1", {"bin/program": b"12345"}, "--platform", platform)
    found = put(here, there)
    told = found[there]
    assert isinstance(found[here], Weight)
    assert isinstance(told, Weight)
    assert told.size == 5
    assert platform.startswith(told.platform)


def test_nothing_of_an_image_is_run(put: Put, imported: Import) -> None:
    name = imported("one:1", {"a": b"123"}, "--change", 'ONBUILD RUN ["/nothing"]', "--change", "ONBUILD ENV A=b")
    assert isinstance(put(name)[name], Weight)


def test_an_image_without_a_name_keeps_its_life(put: Put, imported: Import) -> None:
    name = imported("one:1", {"a": b"123"})
    lost = docker("image", "inspect", "--format", "{{.Id}}", name)
    imported("one:1", {"a": b"4"})
    assert docker("image", "inspect", "--format", "{{.RepoTags}}", lost) == "[]"
    try:
        assert isinstance(put(lost, lost[7:19])[lost], Weight)
        assert docker("image", "inspect", "--format", "{{.RepoTags}}", lost) == "[]"
    finally:
        docker("image", "rm", lost)
    assert naming.PREFIX not in docker("image", "ls", "--all")


def test_an_image_that_vanishes_meanwhile_spoils_no_other(put: Put, imported: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stays, goes, moves = (imported(f"{name}:1", {"a": name.encode()}) for name in ("stays", "goes", "moves"))
    scan_step = beside.scan_step

    def meanwhile(reference: str, *more: Any) -> beside.Step:
        if reference == goes:
            docker("image", "rm", goes)
        elif reference == moves:
            docker("tag", stays, moves)
        return scan_step(reference, *more)

    monkeypatch.setattr(beside, "scan_step", meanwhile)
    found = put(stays, goes, moves)
    assert isinstance(found[stays], Weight)
    for name in (goes, moves):
        assert str(found[name]) == f"{name} went away or changed while it was read"
    assert len(list((tmp_path / ".tare" / "weights").glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"answer.json": "{"}, "the scan's answer can't be read"),
        ({"answer.json": "[" * 200_000}, "the scan's answer can't be read"),
        ({"answer.json": "{}"}, "the scan's answer isn't one: 'size'"),
        ({}, "the scan's answer can't be read"),
        ({"error": "it\nbroke\x1b[31m"}, "the scan failed: it broke"),
    ],
)
def test_an_answer_that_is_none_is_an_error(
    put: Put, imported: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, str], said: str
) -> None:
    name = imported("one:1", {"a": b"123"})
    read = beside.read

    def spoilt(folder: Path) -> Any:
        (folder / beside.ANSWER).unlink()
        for file, text in answer.items():
            (folder / file).write_text(text)
        return read(folder)

    monkeypatch.setattr(beside, "read", spoilt)
    error = put(name)[name]
    assert isinstance(error, TareError)
    assert said in str(error)
    assert str(error).isprintable()
    assert not list(tmp_path.glob(".tare/weights/*"))


def test_an_answer_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / beside.ANSWER).write_text("[" + "1," * 1000 + "1]")
    assert len(beside.read(tmp_path)) == 1001
    monkeypatch.setattr(beside, "MOST_BYTES", 1000)
    with pytest.raises(TareError, match="larger"):
        beside.read(tmp_path)


def test_without_a_scanner_only_what_was_weighed_is_told(put: Put, imported: Import) -> None:
    known, new = imported("known:1", {"a": b"1"}), imported("new:1", {"a": b"22"})
    put(known)

    def none() -> Base:
        raise BaseUnavailable("base x could not be made")

    found = put(known, new, scanner=none)
    assert isinstance(found[known], Weight)
    assert str(found[new]) == "base x could not be made"
    wrong = Base(beside.SCANNER, "debian", "", "docker-image://tareweight-test-none/none:1")
    found = put(known, new, scanner=lambda: wrong)
    assert isinstance(found[known], Weight)
    assert f"{new} can't be weighed: " in str(found[new])


def test_two_at_once_do_not_disturb_each_other(put: Put, imported: Import) -> None:
    names = [imported(f"{number}:1", {"a": str(number).encode()}) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: put(*names, no_cache=True), range(3)))
    assert found[0] == found[1] == found[2]
    assert all(isinstance(one, Weight) for one in found[0].values())


def test_an_interrupt_takes_back_the_name(imported: Import, tmp_path: Path, scanner: Scanner) -> None:
    lost = docker("image", "inspect", "--format", "{{.Id}}", imported("one:1", {f"{number}": b"" for number in range(300)}))
    imported("one:1", {"a": b"1"})
    program = (
        "import sys; from pathlib import Path; from tareweight.bases.resolve import Base; from tareweight.engine.client import connect\n"
        "from tareweight.scale import weigh\n"
        f"base = Base('x', 'debian', '', {beside.context_of(scanner())!r})\n"
        "weigh.weigh({'a': sys.argv[1]}, tare=Path(sys.argv[2]), engine=connect(), scanner=lambda: base, no_cache=True)\n"
    )
    try:
        running = subprocess.Popen([sys.executable, "-c", program, lost, str(tmp_path)], stderr=subprocess.DEVNULL)
        mark = f"{naming.PREFIX}/{lost[7:23]}"
        while mark not in docker("image", "ls") and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) != 0
        assert mark not in docker("image", "ls")
    finally:
        docker("image", "rm", lost)


def test_an_image_without_a_file(put: Put, prefix: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nENV A=b\n")
    docker("buildx", "build", "--provenance=false", "--tag", f"{prefix}/empty:1", str(tmp_path))
    found = put(f"{prefix}/empty:1")[f"{prefix}/empty:1"]
    assert isinstance(found, Weight)
    assert (found.size, found.layers, found.config.environment[-1]) == (0, (), ("A", "b"))


@pytest.mark.skipif(os.geteuid() != 0, reason="an archive of such a file is made by root")
def test_a_scan_sees_what_only_root_may_read(put: Put, imported: Import, tmp_path: Path) -> None:
    locked = tmp_path / "tree" / "locked"
    locked.mkdir(parents=True)
    (locked / "file").write_text("12345")
    (locked / "file").chmod(0)
    locked.chmod(0)
    name = imported("one:1", {"a": b"1"})
    archive = subprocess.run(["tar", "-C", tmp_path / "tree", "--owner=123", "-c", "."], capture_output=True, check=True).stdout
    docker("import", "-", name, stdin=archive)
    found = put(name)[name]
    assert isinstance(found, Weight)
    assert (found.size, found.scan.complete) == (5, True)


def test_the_apps_of_this_repository(put: Put) -> None:
    names = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=tareweight/*").split()
    if not names:
        pytest.skip("no app of this repository is built")
    for name, found in put(*names).items():
        assert isinstance(found, Weight), name
        assert found.scan.complete
        assert found.size + found.waste == found.layered
        assert "?" not in {layer.instruction for layer in found.layers}
        assert found.layered == sum(int(line) for line in docker("history", "--human=false", "--format", "{{.Size}}", name).split())
