from __future__ import annotations

import os
from pathlib import Path

import pytest

from tareweight.errors import BadInput
from tareweight.tomlfile import Table, load


def table(tmp_path: Path, text: str) -> Table:
    file = tmp_path / "x.toml"
    file.write_text(text)
    return load(file)


def test_takes_what_is_there_and_defaults_for_the_rest(tmp_path: Path) -> None:
    found = table(tmp_path, 's = "a"\ni = 3\nn = 1.5\nb = true\nl = ["x"]\nm = { k = "v" }\n')
    assert found.string("s") == "a"
    assert found.integer("i") == 3
    assert found.number("n", 1) == 1.5
    assert found.boolean("b") is True
    assert found.strings("l") == ("x",)
    assert found.mapping("m") == {"k": "v"}
    found.close()
    assert found.string("other", None) is None
    assert found.strings("others") == ()
    assert not found.table("none").data
    assert found.tables("nones") == []


@pytest.mark.parametrize(
    ("text", "take", "said"),
    [
        ("k = 1", lambda t: t.string("k"), ":1: k: should be a string, not a number"),
        ("k = true", lambda t: t.integer("k"), "not true or false"),
        ("k = true", lambda t: t.number("k", 1), "not true or false"),
        ("k = nan", lambda t: t.number("k", 1), "not a number more than 0"),
        ("k = inf", lambda t: t.number("k", 1), "not a number more than 0"),
        ("k = 0", lambda t: t.number("k", 1), "0 is not a number more than 0"),
        ("k = 65536", lambda t: t.integer("k", low=1, high=65535), "out of range. Give 1 to 65535"),
        ("k = -1", lambda t: t.integer("k"), "out of range. Give 0 or more"),
        ("k = [1]", lambda t: t.strings("k"), "holds a number"),
        ("k = { a = 1 }", lambda t: t.mapping("k"), "a should be a string"),
        ("k = [1]", lambda t: t.tables("k"), "[[k]] tables"),
        ("k = 1979-05-27", lambda t: t.string("k"), "not date"),
        ("", lambda t: t.string("k"), ":1: k: missing. Add k = a string"),
        ("\nother = 1", lambda t: t.close(), ":2: other: unknown key. There are none"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, text: str, take: object, said: str) -> None:
    with pytest.raises(BadInput) as told:
        take(table(tmp_path, text))  # type: ignore[operator]
    assert said in str(told.value)


def test_a_missing_key_points_at_its_own_table(tmp_path: Path) -> None:
    first, _second = table(tmp_path, "[[check]]\nexit = 1\n\n[[check]]\nname = 'x'\n").tables("check")
    with pytest.raises(BadInput, match=r"x\.toml:1: check\[1\]\.name: missing"):
        first.string("name")


@pytest.mark.parametrize("text", ["k =", "k = 1\nk = 2", "[a]\n[a]", "k = " + "9" * 5000])
def test_not_toml(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="not TOML"):
        table(tmp_path, text)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="Is a directory"):
        load(tmp_path)


def test_what_would_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    for name in ("pipe.toml", "zero.toml"):
        with pytest.raises(BadInput, match="not a regular file"):
            load(tmp_path / name)
