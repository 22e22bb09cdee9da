from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.making import MB, weight

from tareweight.advice import Advice
from tareweight.errors import BadInput
from tareweight.report import text
from tareweight.report.explain import FORMATS, MOST, render, telling
from tareweight.report.explanation import Explanation
from tareweight.scale.weight import CLASSES, Config, Finding, Layer, Package, Place, Program, Surface

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "explain.schema.json").read_text(encoding="utf-8"))
ADVICE = (
    Advice("multi-stage", 700 * MB, "at least", "tools to build with", ("Dockerfile:4: FROM golang AS build", "COPY --from=build /app/run /app/run"), line=4),
    Advice("cache mount", 36 * MB, "exactly", "the go build cache is in the image", ("Dockerfile:8: RUN --mount=type=cache,target=/root/.cache ...",), line=8),
    Advice("same layer", 2 * MB, "at most", "hidden", ("end with `&& rm -rf /var/lib/apt/lists/*`",), "waste"),
    Advice("user", 0, "exactly", "it runs as root", ("USER 65532:65532",)),
)


def usual(**changed: Any) -> Explanation:
    classes = {**dict.fromkeys(CLASSES, 0), "runtime": 700 * MB, "os": 57 * MB, "app": 3 * MB}
    packages = [Package("deb", f"tool-{number}", "1", (40 - number) * MB, 9) for number in range(30)]
    told = weight(
        760 * MB, classes=classes, files=24_445, packages=packages, os="Debian GNU/Linux 13 (trixie)", layers=[700 * MB, 20 * MB, 42 * MB], user="",
        directories=(Place("/usr", 700 * MB, 900), Place("/usr/lib", 500 * MB, 800), Place("/app", 3 * MB, 1)),
        biggest=(Place("/usr/lib/cc1", 34 * MB, 1, "deb:gcc-14"), Place("/app/run", 3 * MB)),
        surface=Surface(shells=("/usr/bin/bash",), setuid=tuple(f"/usr/bin/{name}" for name in "abcdefghij"), executables=678),
        leftovers=(Finding("logs", "/var/log", 500), Finding("go build cache", "/root/.cache/go-build", 36 * MB)),
        program=Program("/app/run", "static", "", (), False),
    )  # fmt: skip
    layers = (*told.layers[:2], Layer("sha256:x", 42 * MB, "RUN go build -o run . && " + "true && " * 30 + "echo end"))
    told = replace(told, layers=layers, config=Config(), secrets=(Finding("GitHub token", "environment TOKEN"),))
    name, dockerfile = "tareweight/calculator:single", "dockerfiles/calculator/single.Dockerfile"
    return replace(Explanation(name, told, dockerfile, (None, 6, 8), "golang:1.24", 1, 700 * MB, 263 * MB, "as 65532", "", ADVICE), **changed)


def squeezed(drawn: str) -> str:
    return " ".join(drawn.split())


def test_table_says_where_the_bytes_are() -> None:
    said = squeezed(render(usual(), "table"))
    for part in (
        "tareweight/calculator:single: 760 MB in 24445 files, 30 packages",
        "Debian GNU/Linux 13 (trixie), linux/amd64",
        "tare 700 MB (golang:1.24, 1 layer), cargo 62.0 MB (2 layers) waste 2.0 MB, download 263 MB",
        "language runtime or toolchain 700 MB 92.1 % ████████████████████████████",
        "40.0 MB deb tool-0 1",
        "and 20 more",
        "500 MB 800 files /usr/lib",
        "34.0 MB /usr/lib/cc1 gcc-14",
        "700 MB base COPY 0",
        "20.0 MB Dockerfile:6 COPY 1",
        "42.0 MB Dockerfile:8 RUN go build -o run",
        "surface: 678 executables user: root (not set); locked down: as 65532 shells: bash setuid: a, b, c, d, e, f, g, h and 2 more",
        "SECRETS: 1 GitHub token environment TOKEN",
        "left behind: 36.0 MB 36.0 MB go build cache /root/.cache/go-build 500 B logs /var/log",
    ):
        assert part in said


def test_advice_is_last_with_what_to_do_under_it() -> None:
    drawn = render(usual(), "table")
    lines = drawn[drawn.index("advice:") :].split("\n")
    assert lines[:5] == [
        "advice: 4 ways to make it smaller or safer; what they save overlaps",
        "  1. multi-stage: at least 700 MB",
        "      tools to build with",
        "      -> Dockerfile:4: FROM golang AS build",
        "      -> COPY --from=build /app/run /app/run",
    ]
    assert "  2. cache mount: 36.0 MB" in lines
    assert "  3. same layer: at most 2.0 MB of waste" in lines
    assert "  4. user" in lines


@pytest.mark.parametrize("format", ["table", "markdown"])
def test_nothing_to_gain_is_said(format: str) -> None:
    assert "advice: none; nothing that the scale sees would make it smaller or safer" in render(usual(advice=()), format)


def test_table_fits_a_terminal_whatever_is_in_it() -> None:
    long = "/" + "very/" * 60 + "long"
    told = usual()
    scan = replace(
        told.weight.scan, directories=(Place(long, 700 * MB, 3),), biggest=(Place(long, 9 * MB, 1, f"npm:{'名' * 90}"),),
        leftovers=(Finding("x" * 90, long, 5),), packages=(Package("npm", "名" * 90, "1" * 90, 5, 5),),
        surface=Surface(setuid=(long + "x" * 200,)), os="o" * 300,
    )  # fmt: skip
    advice = Advice("strip", 5, "about", "w" * 300, ("h" * 300, "名" * 200))
    whole = usual(weight=replace(told.weight, scan=scan, secrets=(Finding("k" * 90, long),)), advice=(advice,), name="n" * 300, dockerfile=long)
    drawn = render(whole, "table")
    assert max(map(text.width, drawn.splitlines())) <= 100


def test_a_strangers_words_move_no_cursor_and_make_no_markup() -> None:
    bad = "\x1b[2Jx\n| <b>*y*</b> \u202e"
    told = usual()
    packages, biggest = (Package("npm", bad, bad, 5, 5),), (Place(bad, 9, 1, f"deb:{bad}"),)
    scan = replace(told.weight.scan, os=bad, leftovers=(Finding(bad, bad, 5),), packages=packages, biggest=biggest)
    layers = tuple(layer._replace(instruction=bad) for layer in told.weight.layers)
    whole = usual(weight=replace(told.weight, scan=scan, layers=layers), advice=(Advice("strip", 5, "about", bad, (bad, f"`{bad}`")),))
    for format in ("table", "markdown"):
        drawn = render(whole, format)
        assert "\x1b" not in drawn
        assert "\u202e" not in drawn
    assert "\\<b\\>\\*y\\*" in drawn
    assert drawn.count("`x | <b>*y*</b>`") == 1


def test_markdown_has_code_as_code() -> None:
    page = render(usual(), "markdown")
    assert "### advice: 4 ways to make it smaller or safer" in page
    assert "1. **multi-stage: at least 700 MB**: tools to build with" in page
    assert "   - end with `&& rm -rf /var/lib/apt/lists/*`" in page
    assert "echo end" in page


def test_json_has_everything_and_keeps_to_its_schema() -> None:
    told = json.loads(render(usual(), "json"))
    jsonschema.validate(told, SCHEMA)
    assert len(told["packages"]) == 30
    assert (told["size_bytes"], told["base"], told["base_layers"], told["tare_bytes"]) == (760 * MB, "golang:1.24", 1, 700 * MB)
    assert [layer["line"] for layer in told["layers"]] == [None, 6, 8]
    assert told["advice"][2] == {
        "kind": "same layer", "saves_bytes": 2 * MB, "bound": "at most", "of": "waste", "what": "hidden",
        "how": ["end with `&& rm -rf /var/lib/apt/lists/*`"], "line": None,
    }  # fmt: skip
    assert told["program"]["kind"] == "static"
    assert told["secrets"] == [{"kind": "GitHub token", "path": "environment TOKEN"}]


@pytest.mark.parametrize("format", FORMATS)
def test_an_empty_image_and_one_of_which_little_is_known(format: str) -> None:
    empty = Explanation("x", weight(0, classes=dict.fromkeys(CLASSES, 0), layers=[]), "", (), "", None, None, None, "", "", ())
    drawn = render(empty, format)
    if format == "json":
        jsonschema.validate(json.loads(drawn), SCHEMA)
    else:
        assert "x: 0 B in 1 file, 0 packages" in drawn
        assert "tare" not in drawn


def test_a_scan_that_was_cut_says_so() -> None:
    told = usual()
    cut = replace(told.weight, scan=replace(told.weight.scan, complete=False, notes=("more than 5 entries",)))
    assert "not seen whole: more than 5 entries" in render(usual(weight=cut), "table")


def test_an_image_that_is_out_of_date_says_so() -> None:
    assert "OUT OF DATE (something changed)" in render(usual(stale="something changed"), "table")
    assert json.loads(render(usual(stale="something changed"), "json"))["stale"] == "something changed"


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(BadInput, match="table"):
        render(usual(), "tabel")


def test_directories_none_of_which_lies_in_another() -> None:
    told = [
        Place("/usr", 700), Place("/usr/lib", 400), Place("/usr/lib/go", 390), Place("/usr/share", 250), Place("/usr/bin", 50),
        Place("/app", 100), Place("/app/a", 30), Place("/app/b", 30), Place("/root", 40), Place("/root/.npm", 39), Place("/root/.npm/x", 38),
    ]  # fmt: skip
    assert [(one.path, one.bytes) for one in telling(told, 1000)] == [
        ("/usr/lib/go", 390), ("/usr/share", 250), ("/app", 100), ("/usr/bin", 50), ("/root/.npm/x", 38),
    ]  # fmt: skip
    assert telling([], 0) == []
    assert len(telling([Place(f"/{number}", 9) for number in range(90)], 810)) == MOST
