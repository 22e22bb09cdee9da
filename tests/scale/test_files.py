"""The table of all files: what the scan writes is read, anything else isn't."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tareweight.scale import files
from tareweight.scale.scan.scan import scan
from tareweight.scale.weight import Corrupt

ROW = ["/a", "f", 3, "644", 0, "deb:a", "os", 1, ""]


def packed(file: Path, *rows: object) -> Path:
    file.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode()))
    return file


def test_the_scan_writes_what_is_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "app").mkdir(parents=True)
    (root / "app" / "one").write_text("12345")
    (root / "app" / "two").hardlink_to(root / "app" / "one")
    (root / "link").symlink_to("/etc/passwd")
    (root / "new\nline").write_text("1")
    told = scan(str(root), {}, str(tmp_path / "files.gz"))
    rows = files.read(tmp_path / "files.gz")
    assert list(rows) == ["/app/one", "/app/two", "/link", r"/new\x0aline"]
    assert sum(row.bytes for row in rows.values()) == told["size"] == 6
    assert {row.kind for row in (rows["/app/one"], rows["/app/two"])} == {"f", "h"}
    assert (rows["/link"].kind, rows["/link"].target) == ("l", "/etc/passwd")


WRONG: dict[int, list[object]] = {1: ["x"], 2: [-1, "3", True, 1.0, None], 6: ["?"], 8: [[]]}


@pytest.mark.parametrize(
    "row", [ROW[:-1], [*ROW, ""], {}, None, 1, *([*ROW[:number], value, *ROW[number + 1 :]] for number, values in WRONG.items() for value in values)]
)
def test_what_is_no_row_is_refused(tmp_path: Path, row: object) -> None:
    assert files.read(packed(tmp_path / "good", ROW))["/a"].bytes == 3
    with pytest.raises(Corrupt):
        files.read(packed(tmp_path / "bad", ROW, row))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path / "whole", *(([f"/{number}", *ROW[1:]]) for number in range(1000))).read_bytes()
    contents = {"cut": whole[:-20], "broken": whole[:20] + b"\0\0\0\0" + whole[24:], "plain": b"[1]\n", "deep": gzip.compress(b"[" * 100_000)}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    for name in (*contents, "missing", "."):
        with pytest.raises(Corrupt):
            files.read(tmp_path / name)


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    assert len(files.read(packed(tmp_path / "few", *(([f"/{number}", *ROW[1:]]) for number in range(10))))) == 10
    with pytest.raises(Corrupt, match="larger"):
        files.read(packed(tmp_path / "many", *(([f"/{number}", *ROW[1:]]) for number in range(100))))
