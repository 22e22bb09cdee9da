from __future__ import annotations

import pytest

from tareweight.errors import clean, one_line


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain  ünïcode 世界", "plain ünïcode 世界"),
        ("\x1b[1;31mred\x1b[0m\tand\r\nmore\x00", "red and more"),
        ("\x1b]0;title\x07after", "after"),
        ("a\u202eb\u200bc\u2028d", "abc d"),
        ("\udcff", "\ufffd"),
        ("end\x1b", "end"),
        ("\x9b31mred", "31mred"),
    ],
)
def test_one_line(text: str, plain: str) -> None:
    assert one_line(text) == plain


def test_one_line_keeps_the_end() -> None:
    assert one_line("x" * 9 + "\nend", 6) == "...xx end"
    assert one_line("x" * 4, 4) == "xxxx"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("two\nlines\n", "two\nlines\n"),
        ("a\tb", "a    b"),
        ("50 %\r\n\x1b[2K100 %\x07", "50 %\n100 %"),
        ("\x1b]8;;http://bad\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred\u202e", "31mred"),
    ],
)
def test_clean_keeps_lines(text: str, plain: str) -> None:
    assert clean(text) == plain
