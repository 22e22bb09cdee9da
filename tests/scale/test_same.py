"""Which files of equal size differ between two real images."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine
from tareweight.errors import TareError
from tareweight.scale import beside, naming, same

pytestmark = pytest.mark.engine

Import = Callable[..., str]
Changed = Callable[..., list[str]]
PATHS = ["/a/same", "/a/other", "/b", "/nowhere", "/one"]


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, check=True, text=True).stdout.strip()


def image_id(name: str) -> str:
    return docker("image", "inspect", "--format", "{{.Id}}", name)


@pytest.fixture
def changed(tmp_path: Path, engine: Engine, scanner: Callable[[], Base]) -> Changed:
    def one(old: str, new: str, paths: list[str], **more: Any) -> list[str]:
        return same.changed(old, new, paths, tare=tmp_path / ".tare", engine=engine, scanner=scanner, **more)

    return one


@pytest.fixture
def pair(imported: Import) -> tuple[str, str]:
    big = bytes(3_000_000)
    old = imported("old:1", {"a/same": b"1", "a/other": b"22", "b": big, "one": b"3"})
    new = imported("new:1", {"a/same": b"1", "a/other": b"23", "b": big[:-1] + b"x"}, "--platform", "linux/arm64")
    return image_id(old), image_id(new)


def test_content_is_compared(changed: Changed, pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = changed(*pair, PATHS)
    assert found == ["/a/other", "/b", "/nowhere", "/one"], "what can't be read counts as differing"
    assert changed(*pair, PATHS[:1]) == []
    (file,) = (tmp_path / ".tare" / "same").iterdir()
    for content in ("", "{", "[]", json.dumps({"asked": "x", "changed": []})):
        file.write_text(content)
        assert changed(*pair, PATHS) == found
    kept = json.loads(file.read_text())
    wrongs: list[object] = [None, [99], [-1], ["1"], [True], {}]
    for wrong in wrongs:
        file.write_text(json.dumps({**kept, "changed": wrong}))
        assert changed(*pair, PATHS) == found
    monkeypatch.setattr(beside, "run_steps", lambda *_, **__: pytest.fail("it is known"))
    assert changed(*pair, PATHS) == found
    assert changed(pair[0], pair[0], PATHS) == changed(*pair, []) == []


def test_an_image_that_is_not_there(changed: Changed, pair: tuple[str, str]) -> None:
    with pytest.raises(TareError, match="there is no image sha256:0000"):
        changed(pair[0], "sha256:" + "0" * 64, PATHS)


def test_an_image_that_vanishes_meanwhile(changed: Changed, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    read = beside.read

    def spoilt(folder: Path) -> Any:
        return read(folder)[1:]

    monkeypatch.setattr(beside, "read", spoilt)
    with pytest.raises(TareError, match="isn't a list of digests"):
        changed(*pair, PATHS)
    monkeypatch.setattr(naming, "gone", lambda images, _: {images[0].id: TareError("one went away")})
    with pytest.raises(TareError, match="one went away"):
        changed(*pair, PATHS)
