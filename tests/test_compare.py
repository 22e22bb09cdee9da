from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.making import weight

from tareweight.compare import Comparison, Measured, Row, compare
from tareweight.errors import BadInput
from tareweight.scale.weight import Finding, Layer

DEFAULTS: dict[str, Any] = {
    "baseline": "single",
    "image_id": "sha256:ab",
    "base": "debian:13",
    "base_source": "upstream",
    "stand_in": "",
    "tare": None,
    "download": None,
    "locked": "",
    "layers": 3,
    "user": "root",
    "first_answer": 0.3,
    "check": "ok 6/6",
    "check_ok": True,
    "reason": "",
    "state": "fresh",
}


def measured(name: str, size: int | None, **more: Any) -> Measured:
    app, _, variant = name.partition(":")
    weighed = None if size is None else weight(size, name=name)
    return Measured(app=app, variant=variant, image=f"tareweight/{name}", **({"weight": weighed} | DEFAULTS | more))


def run(*them: Measured, baseline: str | None = None, sort: str | None = None, store: str = "classic") -> Comparison:
    return compare(them, baseline=baseline, sort=sort, engine="Docker Engine 26.1.5", store=store)


def names(comparison: Comparison) -> list[str]:
    return [row.name for row in comparison.rows]


def by_name(comparison: Comparison) -> dict[str, Row]:
    return {row.name: row for row in comparison.rows}


def notes(comparison: Comparison) -> str:
    return "\n".join(comparison.notes)


def test_ratio_and_percent_are_against_the_app_s_baseline() -> None:
    rows = by_name(run(measured("a:single", 800), measured("a:scratch", 100), measured("a:debug", 1600)))
    assert (rows["a:single"].ratio, rows["a:single"].percent, rows["a:single"].is_baseline) == (1, 0, True)
    assert (rows["a:scratch"].ratio, rows["a:scratch"].percent) == (8, 87.5)
    assert (rows["a:debug"].ratio, rows["a:debug"].percent) == (0.5, -100)


def test_percent_stays_under_100_however_large_the_baseline() -> None:
    percent = by_name(run(measured("a:single", 10**30), measured("a:scratch", 1)))["a:scratch"].percent
    assert percent is not None
    assert 99.99 < percent < 100


@pytest.mark.parametrize(("size", "why"), [(0, "is empty"), (None, "has no size")])
def test_a_baseline_without_weight_leaves_no_ratio(size: int | None, why: str) -> None:
    found = run(measured("a:single", size), measured("a:scratch", 100))
    assert [row.ratio for row in found.rows] == [None, None]
    assert [row.percent for row in found.rows] == [None, None]
    assert f"a: the baseline 'single' {why}" in notes(found)


def test_an_empty_image_has_no_ratio() -> None:
    row = by_name(run(measured("a:single", 100), measured("a:scratch", 0)))["a:scratch"]
    assert (row.ratio, row.percent, row.smallest) == (None, None, True)


def test_baseline_override_and_an_app_that_lacks_it() -> None:
    found = run(
        measured("a:single", 800),
        measured("a:multistage", 200),
        measured("b:single", 300),
        measured("b:scratch", 100),
        baseline="multistage",
    )
    rows = by_name(found)
    assert (rows["a:single"].ratio, rows["a:multistage"].is_baseline) == (0.25, True)
    assert (rows["b:single"].ratio, rows["b:scratch"].ratio) == (None, None)
    assert "b: the baseline 'multistage' is not among its rows" in notes(found)
    assert "a: the baseline" not in notes(found)


def test_unknown_baseline_names_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"no selected app has a variant 'multistag'\. Did you mean 'multistage'"):
        run(measured("a:multistage", 1), baseline="multistag")


def test_unknown_baseline_names_all_when_none_is_near() -> None:
    with pytest.raises(BadInput, match="Known: scratch, single"):
        run(measured("a:single", 1), measured("a:scratch", 1), baseline="zzz")


def test_unknown_sort_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="Did you mean 'size'"):
        run(measured("a:single", 1), sort="sise")


def test_nothing_measured() -> None:
    found = run(baseline="whatever")
    assert (found.rows, found.notes) == ((), ())


def test_one_row_that_is_not_the_baseline() -> None:
    found = run(measured("a:scratch", 100))
    assert found.rows[0].ratio is None
    assert found.rows[0].smallest
    assert "a: the baseline 'single' is not among the rows" in notes(found)


def test_one_row_that_is_the_baseline_needs_no_note() -> None:
    assert "baseline" not in notes(run(measured("a:single", None)))


def test_smallest_is_the_smallest_that_passes_and_ties_share_the_mark() -> None:
    found = run(
        measured("a:single", 800),
        measured("a:one", 100),
        measured("a:two", 100),
        measured("a:broken", 10, check="failed 1/6", check_ok=False),
        measured("a:unchecked", 20, check="unchecked", check_ok=None),
        measured("a:failed", 30, state="failed"),
        measured("b:single", 900),
        measured("c:single", 5, check_ok=False),
    )
    assert [row.name for row in found.rows if row.smallest] == ["a:one", "a:two", "b:single"]


def test_rows_of_an_app_stay_together_in_the_order_given() -> None:
    found = run(measured("b:single", 1), measured("a:single", 1), measured("b:debug", 1))
    assert names(found) == ["b:single", "b:debug", "a:single"]
    assert names(run(measured("b:single", 1), measured("a:single", 1), sort="app")) == ["b:single", "a:single"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("size", ["b:scratch", "b:single", "b:gone", "a:scratch", "a:single"]),
        ("ratio", ["a:scratch", "a:single", "b:scratch", "b:single", "b:gone"]),
        ("layers", ["a:single", "a:scratch", "b:single", "b:scratch", "b:gone"]),
        ("first-answer", ["b:single", "b:scratch", "b:gone", "a:scratch", "a:single"]),
    ],
)
def test_sort_orders_rows_within_apps_and_apps_by_their_first(sort: str, order: list[str]) -> None:
    found = run(
        measured("a:single", 1000, layers=1, first_answer=0.9),
        measured("a:scratch", 100, layers=2, first_answer=0.5),
        measured("b:gone", None, layers=None, first_answer=None, state="missing"),
        measured("b:single", 80, layers=3, first_answer=0.1),
        measured("b:scratch", 40, layers=4, first_answer=0.2),
        sort=sort,
    )
    assert names(found) == order


def test_sources_are_said_once_for_each_stand_in() -> None:
    go: dict[str, Any] = {"base_source": "debian", "stand_in": "Debian 13's Go 1.24"}
    found = run(
        measured("a:single", 1, base="golang:1.24", **go),
        measured("a:multistage", 1, base="golang:1.24-alpine", **go),
        measured("b:single", 1, base="golang:1.24", **go),
        measured("b:node", 1, base="node:22", base_source="debian", stand_in="Debian 13's Node.js 20"),
        measured("b:plain", 1, base="own:1", base_source="debian"),
        measured("c:single", 1, base="nginx:1.28"),
        measured("c:other", 1, base="nginx:1.28"),
        measured("c:scratch", 1, base="scratch", base_source=""),
    )
    assert found.sources == (
        "upstream: nginx:1.28",
        "debian: golang:1.24, golang:1.24-alpine <- Debian 13's Go 1.24; node:22 <- Debian 13's Node.js 20; own:1",
    )


def test_notes_name_what_is_out_of_date_failed_and_missing() -> None:
    found = run(
        measured("a:single", 5, state="stale", reason="the Dockerfile changed"),
        measured("a:old", 5, state="stale"),
        measured("a:both", 5, state="stale", check_ok=False, check="failed 1/2", reason="answered 43"),
        measured("a:built", None, state="failed", check_ok=None, reason="\x1b[31mno such\nfile\x1b[0m"),
        measured("a:mute", None, state="failed", check_ok=None),
        measured("a:gone", None, state="missing", check_ok=None, image_id=None),
        measured("a:told", None, state="missing", check_ok=False, reason="never built"),
    )
    assert found.notes[1:] == (
        "a:single is out of date: the Dockerfile changed",
        "a:old is out of date",
        "a:both is out of date",
        "a:both failed: answered 43",
        "a:built failed: no such file",
        "a:mute failed: no reason was given",
        "a:gone is missing: there is no image tareweight/a:gone",
        "a:told is missing: never built",
    )


def test_layers_that_images_share_are_stored_once() -> None:
    one = weight(900, name="shared", layers=[500, 400])
    other = replace(one, image_id="sha256:other", layers=(one.layers[0], Layer("sha256:own", 30, "COPY own")))
    third = weight(7, name="alone", layers=[7])
    compared = run(
        measured("a:single", None, weight=one, image_id=one.image_id),
        measured("a:scratch", None, weight=other, image_id=other.image_id),
        measured("b:single", None, weight=third, image_id=third.image_id),
    )
    found = by_name(compared)
    assert [found[name].unique_in_app for name in ("a:single", "a:scratch", "b:single")] == [400, 30, 7]
    assert [found[name].unique for name in ("a:single", "a:scratch", "b:single")] == [400, 30, 7]
    assert compared.stored == 937


def test_cargo_is_what_lies_on_the_base() -> None:
    one = measured("a:single", None, weight=weight(900, layers=[500, 400]), tare=500)
    assert by_name(run(one))["a:single"].cargo == 400


def test_secrets_and_a_cut_scan_are_noted() -> None:
    keys = tuple(Finding("private key", f"/k{n}\x1b[31m") for n in range(5))
    told = notes(run(measured("a:single", None, weight=weight(1, secrets=keys, complete=False, notes=("/x: can't be listed",)))))
    assert "a:single holds a private key: /k0\n" in told
    assert "a:single holds 2 secrets more: `invoke explain` names them" in told
    assert "a:single was not seen whole: /x: can't be listed" in told


def test_an_image_that_could_not_be_weighed_says_why() -> None:
    assert "a:single is not weighed: no base" in notes(run(measured("a:single", None, reason="no base")))
