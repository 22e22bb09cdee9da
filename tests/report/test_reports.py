from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.making import weight

from tareweight.compare import Comparison, Measured, Row, compare
from tareweight.errors import BadInput
from tareweight.report import FORMATS, render, text
from tareweight.scale.weight import Finding, Package, Surface

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "compare.schema.json").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = {
    "baseline": "single",
    "image_id": "sha256:ab",
    "base": "golang:1.24",
    "base_source": "debian",
    "stand_in": "Debian 13's Go 1.24",
    "tare": None,
    "download": None,
    "locked": "",
    "layers": 3,
    "user": "root",
    "first_answer": 0.31,
    "check": "ok 6/6",
    "check_ok": True,
    "reason": "",
    "state": "fresh",
}
FULL = weight(
    886_123_456,
    name="calculator:single",
    user="",
    packages=[Package("deb", "bash", "5.2", 6_000_000, 9), Package("golang", "stdlib", "1.24.4", 0, 0)],
    surface=Surface(shells=("/bin/bash",), interpreters=("/usr/bin/perl",), setuid=("/usr/bin/su",), executables=3),
    secrets=(Finding("private key", "/root/.ssh/id_rsa"),),
)
GONE: dict[str, Any] = {
    "image_id": None,
    "layers": None,
    "first_answer": None,
    "check": "",
    "check_ok": None,
    "user": "",
}


def measured(name: str, size: int | None, **more: Any) -> Measured:
    app, _, variant = name.partition(":")
    weighed = None if size is None else weight(size, name=name)
    return Measured(app=app, variant=variant, image=f"tareweight/{name}", **({"weight": weighed} | DEFAULTS | more))


def compared(*them: Measured, engine: str = "Docker Engine 26.1.5, classic store (overlay2)") -> Comparison:
    return compare(them, baseline=None, sort=None, engine=engine, store="classic")


@pytest.fixture
def usual() -> Comparison:
    return compared(
        measured("calculator:single", None, weight=FULL, download=7_000_000, tare=800_000_000, locked="no"),
        measured("calculator:distroless", 4_512_345, base="gcr.io/distroless/static-debian13", user="nonroot"),
        measured("calculator:scratch", 2_312_345, base="scratch", base_source="", stand_in="", user="65532"),
        measured("web:single", 100_000_000, base="nginx:1.28", base_source="upstream", stand_in="", state="stale"),
        measured("web:debug", 130_000_000, check="failed 2/6", check_ok=False, reason="GET / answered 500"),
        measured("web:broken", None, state="failed", reason="COPY: \x1b[31mno such file\x1b[0m\nat line 3", **GONE),
        measured("web:gone", None, state="missing", **GONE),
    )


def row(**more: Any) -> Row:
    return replace(compared(measured("a:other", 1), measured("a:single", 1)).rows[0], **more)


def line_of(drawn: str, variant: str) -> str:
    return next(line for line in drawn.splitlines() if line.startswith(variant))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_text_that_ends_its_last_line(usual: Comparison, format: str) -> None:
    drawn = render(usual, format)
    assert drawn.endswith("\n")
    assert not drawn.endswith("\n\n")
    assert "\x1b" not in drawn


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_bears_no_rows(format: str) -> None:
    assert render(compared(), format)


def test_unknown_format_names_the_nearest(usual: Comparison) -> None:
    with pytest.raises(BadInput, match=r"unknown format 'markdwn'\. Did you mean 'markdown'"):
        render(usual, "markdwn")


def test_table(usual: Comparison) -> None:
    drawn = render(usual, "table")
    said = " ".join(line_of(drawn, "single").split())
    assert said == "single golang:1.24 (d) 886 MB baseline 7.0 MB 2 rs--i-u no ok 6/6"
    assert line_of(drawn, "scratch *").split()[-8:] == ["383x", "smaller", "-", "0", "-------", "-", "ok", "6/6"]
    assert "1.3x larger" in line_of(drawn, "debug")
    assert line_of(drawn, "debug").endswith("failed 2/6")
    assert line_of(drawn, "broken").endswith("failed")
    assert line_of(drawn, "gone").endswith("missing")
    assert "single *~" in drawn
    for said in ("* smallest that passes", "~ out of date", "(u) base pulled", "(d) base made", "surface: r root, s shell"):
        assert said in " ".join(drawn.split())
    assert "engine: Docker Engine 26.1.5, classic store (overlay2), where all layers, each counted once, take 1123 MB" in " ".join(drawn.split())
    assert "\nweb:broken failed: COPY: no such file at line 3\n" in drawn
    assert "\nweb:debug failed: GET / answered 500\n" in drawn


def test_table_names_each_app_once_above_its_rows(usual: Comparison) -> None:
    lines = render(usual, "table").splitlines()
    headings = [at for at, line in enumerate(lines) if line.startswith("-- ")]
    assert [lines[at].split()[1] for at in headings] == ["calculator", "web"]
    assert headings == [2, 6]
    assert len({len(lines[at]) for at in headings}) == 1


def test_table_aligns_numbers_right(usual: Comparison) -> None:
    drawn = render(usual, "table")
    ends = {line.index(" MB") for line in drawn.splitlines() if " MB " in line and "engine:" not in line}
    assert len(ends) == 1


def test_table_explains_only_what_is_there() -> None:
    drawn = render(compared(measured("a:single", None, base="", base_source="", **GONE)), "table")
    for absent in ("smallest", "out of date", "(u)", "(d)", "shortened"):
        assert absent not in drawn


def test_table_names_the_store_where_the_engine_does_not() -> None:
    assert "engine: Docker Engine 26, classic store" in render(
        compared(measured("a:single", 1), engine="Docker Engine 26"), "table"
    )


LONG = "a-very-long-name-that-nobody-should-give-to-anything-" * 4


@pytest.mark.parametrize(
    "more",
    [
        {"base": f"registry.example.org:5000/team/{LONG}:1.24@sha256:{'a' * 64}"},
        {"user": LONG},
        {"check": LONG},
        {"base": LONG, "user": LONG, "check": LONG, "first_answer": 1e30, "layers": 10**30},
        {"base": "世界" * 60, "user": "用户" * 30, "check": "好" * 50},
        {"reason": LONG * 3, "state": "failed"},
        {"reason": "世界 " * 90, "state": "failed"},
        {"stand_in": LONG},
    ],
)
@pytest.mark.parametrize("name", ["a:single", f"{LONG}:{LONG}", f"a:{LONG}", f"{LONG}:b"])
def test_table_fits_100_columns_whatever_the_names_are(name: str, more: dict[str, Any]) -> None:
    drawn = render(compared(measured(name, 10**18, **more), measured("b:single", 1)), "table")
    assert max(text.width(line) for line in drawn.splitlines()) <= 100


def test_table_says_that_it_shortened_names() -> None:
    one = measured("a:single", 1, base=f"registry.example.org/{LONG}")
    assert "… shortened to fit" in render(compared(one), "table")
    assert f"registry.example.org/{LONG}" in render(compared(one), "csv")
    assert f"registry.example.org/{LONG}" in render(compared(one), "markdown")
    assert "… shortened to fit" in render(compared(measured(f"{LONG}:single", 1)), "table")


def test_long_names_keep_the_numbers_whole() -> None:
    one = measured("a:single", 800_000_000, base=LONG, user=LONG, check=LONG)
    other = measured(f"a:{LONG}", 100_000_000, base=LONG, user=LONG, check=LONG)
    drawn = render(compared(one, other), "table")
    assert "100 MB  8.0x smaller" in drawn
    assert len(max(drawn.splitlines(), key=len)) <= 100


def test_markdown(usual: Comparison) -> None:
    drawn = render(usual, "markdown")
    table = [line for line in drawn.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 7
    assert table[2].startswith("| **calculator** | single")
    assert table[3].startswith("|                | distroless")
    assert "scratch \\*" in table[4]
    assert "- web:broken failed: COPY: no such file at line 3" in drawn
    assert "\\<- Debian 13's Go 1.24" in drawn


def test_markdown_escapes() -> None:
    drawn = render(compared(measured("a|b:single", 1, user="x|y", check="*ok* `1` <b>")), "markdown")
    cells = re.split(r"(?<!\\)\|", drawn.splitlines()[2])
    assert len(cells) == 12
    assert "**a\\|b**" in cells[1]
    assert "\\*ok\\* \\`1\\` \\<b\\>" in cells[10]


def test_csv_loses_nothing(usual: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(render(usual, "csv"))))
    assert len(rows) == 7
    assert rows[0]["size_bytes"] == "886123456"
    assert float(rows[2]["ratio"]) == 886_123_456 / 2_312_345
    assert (rows[2]["smallest"], rows[0]["smallest"]) == ("true", "false")
    assert rows[5]["size_bytes"] == rows[5]["ratio"] == rows[5]["check_ok"] == ""
    assert rows[5]["reason"] == "COPY: no such file at line 3"
    assert rows[0]["engine"] == usual.engine
    assert (rows[0]["download_bytes"], rows[0]["tare_bytes"], rows[0]["cargo_bytes"]) == ("7000000", "800000000", "86123456")
    assert (rows[0]["packages"], rows[0]["surface"]) == ("2", "root shell interpreter setuid secret")
    columns = {"size", "percent", "first_answer", "weight", "tare", "download", "unique", "unique_in_app", "since"}
    assert set(Row.__dataclass_fields__) - columns <= set(rows[0])


def test_csv_quotes() -> None:
    drawn = render(compared(measured("a:single", 1, check='failed, "1" of 2: 世界')), "csv")
    assert next(csv.DictReader(io.StringIO(drawn)))["check"] == 'failed, "1" of 2: 世界'


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_json_keeps_to_the_schema(usual: Comparison) -> None:
    for comparison in (usual, compared(), compared(measured("a:single", 10**18), measured("a:b", 1))):
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render(comparison, "json")))


def test_json_has_bytes_seconds_and_null(usual: Comparison) -> None:
    document = json.loads(render(usual, "json"))
    assert (document["version"], document["engine"], document["store"]) == (2, usual.engine, "classic")
    assert document["notes"] == [*usual.sources, *usual.notes]
    first, broken = document["rows"][0], document["rows"][5]
    assert (first["size_bytes"], first["first_answer_seconds"], first["check"]["ok"]) == (886_123_456, 0.31, True)
    assert broken["size_bytes"] is broken["ratio"] is broken["image_id"] is None
    assert broken["reason"] == "COPY: no such file at line 3"


@pytest.mark.parametrize("change", [{"extra": 1}, {"version": 1}, {"rows": [{}]}])
def test_the_schema_turns_down_what_is_not_ours(usual: Comparison, change: dict[str, Any]) -> None:
    document = json.loads(render(usual, "json")) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (None, "-"),
        (0, "0 B"),
        (999, "999 B"),
        (9_400, "9.4 kB"),
        (99_999, "100 kB"),
        (100_000, "0.1 MB"),
        (2_312_345, "2.3 MB"),
        (99_949_999, "99.9 MB"),
        (99_960_000, "100 MB"),
        (886_123_456, "886 MB"),
        (1_886_123_456, "1886 MB"),
    ],
)
def test_size(size: int | None, said: str) -> None:
    assert text.size(size) == said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (None, "-"),
        (8.0, "8.0x smaller"),
        (1 / 1.3, "1.3x larger"),
        (1.0, "same"),
        (1.002, "about same"),
        (0.999, "about same"),
        (1.04, "1.04x smaller"),
        (1 / 1.04, "1.04x larger"),
        (383.2, "383x smaller"),
        (1e12, ">9999x smaller"),
    ],
)
def test_ratio(ratio: float | None, said: str) -> None:
    assert text.ratio(row(ratio=ratio)) == said


@pytest.mark.parametrize(
    ("percent", "said"),
    [
        (None, "-"),
        (87.5, "-87.5 %"),
        (99.97, "-99.9 %"),
        (99.9999999, "-99.9 %"),
        (-30.0, "+30.0 %"),
        (-99.97, "-"),
        (-900.0, "-"),
        (0.0, "0.0 %"),
        (0.01, "0.0 %"),
        (-0.01, "0.0 %"),
    ],
)
def test_percent_stays_under_100(percent: float | None, said: str) -> None:
    assert text.percent(row(percent=percent)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0.0, "0 ms"),
        (0.004, "4 ms"),
        (0.0999, "0.10 s"),
        (0.314, "0.31 s"),
        (9.996, "10.0 s"),
        (140.2, "140 s"),
    ],
)
def test_seconds(seconds: float | None, said: str) -> None:
    assert text.seconds(seconds) == said


@pytest.mark.parametrize(
    ("name", "room", "said"),
    [
        ("golang:1.24", 20, "golang:1.24"),
        ("golang:1.24@sha256:" + "a" * 64, 20, "golang:1.24@…"),
        ("gcr.io/distroless/base-debian13", 18, "…/base-debian13"),
        ("gcr.io/distroless/base-debian13", 14, "base-debian13"),
        ("gcr.io/distroless/base-debian13", 9, "base…an13"),
        ("世界世界世界", 6, "世…界"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_base_is_shortened_where_it_tells_least(name: str, room: int, said: str) -> None:
    assert text.base(name, room) == said
    assert text.width(said) <= max(room, 0)


def test_many_stand_ins_are_counted_and_few_are_named() -> None:
    few = compared(*(measured(f"a:v{number}", 1, base=f"b:{number}", stand_in=f"S{number}") for number in range(3)))
    assert "debian: b:0 <- S0; b:1 <- S1; b:2 <- S2" in render(few, "table")
    rows = [measured(f"a:v{number}", 1, base=f"b:{number}", stand_in=f"S{number}") for number in range(4)]
    rows.append(measured("a:odd", 1, base="go:1.19", stand_in="Debian's Go 1.24, the nearest to 1.19"))
    many = compared(*rows, measured("a:pulled", 1, base="nginx:1", base_source="upstream", stand_in=""))
    drawn = render(many, "table")
    assert "debian: 5 bases are stand-ins; `invoke bases`" in drawn
    assert "go:1.19 <- Debian's Go 1.24, the nearest to 1.19" in drawn
    assert "S0" not in drawn
    for whole in (render(many, "table", wide=True), render(many, "markdown"), render(many, "json")):
        assert "S0" in whole
        assert "upstream: nginx:1" in whole
