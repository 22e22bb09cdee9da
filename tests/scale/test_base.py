"""The files of a base that the engine knows by name, and of one that only a builder does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.bases.resolve import Base
from tareweight.engine.client import Engine, inspect
from tareweight.errors import TareError
from tareweight.scale import base, kept

pytestmark = pytest.mark.engine

Scanner = Callable[[], Base]
Import = Callable[..., str]
DIGEST = "sha256:" + "5" * 64


def no_scanner() -> Base:
    pytest.fail("nothing is to be scanned")


def test_a_local_base_once(imported: Import, engine: Engine, scanner: Scanner, tmp_path: Path) -> None:
    name = imported("base:1", {"bin/tool": b"x" * 700, "etc/os-release": b"NAME=x\n"})
    found = Base(name, "upstream", inspect([name])[name].id, "")
    told = base.table(found, tare=tmp_path, engine=engine, scanner=scanner)
    assert {path: row.bytes for path, row in told.items()} == {"/bin/tool": 700, "/etc/os-release": 7}
    assert base.table(found, tare=tmp_path, engine=engine, scanner=no_scanner) == told


def test_a_base_under_the_name_that_it_is_built_with(imported: Import, engine: Engine, scanner: Scanner, tmp_path: Path) -> None:
    context = f"docker-image://{imported('base:2', {'file': b'12345'})}"
    told = base.table(Base("upstream.example/base:2", "upstream", DIGEST, context), tare=tmp_path, engine=engine, scanner=scanner)
    assert [row.bytes for row in told.values()] == [5]


@pytest.mark.parametrize("rest", [b"", b"no table"])
def test_a_spoilt_table_is_made_anew(imported: Import, engine: Engine, scanner: Scanner, tmp_path: Path, rest: bytes) -> None:
    name = imported("base:3", {"file": b"123"})
    file = kept.table(tmp_path, DIGEST)
    file.parent.mkdir(parents=True)
    file.write_bytes(rest)
    assert list(base.table(Base(name, "upstream", DIGEST, ""), tare=tmp_path, engine=engine, scanner=scanner)) == ["/file"]


def test_a_base_that_went_away(engine: Engine, scanner: Scanner, tmp_path: Path) -> None:
    gone = Base("tareweight-test/gone:1", "upstream", DIGEST, "docker-image://127.0.0.1:1/tareweight-test/gone:1")
    with pytest.raises(TareError):
        base.table(gone, tare=tmp_path, engine=engine, scanner=scanner)
    assert not list(tmp_path.rglob("*.gz"))
