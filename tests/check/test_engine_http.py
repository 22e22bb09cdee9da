"""HTTP checks on the real engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.check.conftest import Box, left, target_of

from tareweight.catalog import Check, Expect, Http, Needs
from tareweight.check import Verdict
from tareweight.check.verify import verify

pytestmark = pytest.mark.engine


def get(path: str, body: Expect | None = None, *, timeout: float = 10, status: int = 200, headers: tuple[tuple[str, Expect], ...] = ()) -> Check:
    return Check(path, timeout, http=Http(path, "GET", (), None, status, headers, body))


def checked(image: str, tare: Path, *checks: Check, needs: Needs | None = None) -> Verdict:
    verdict = verify(target_of(*checks, needs=needs), image, tare=tare)
    assert left() == []
    return verdict


def whys(verdict: Verdict) -> list[str]:
    return [failure.why for failure in verdict.failures]


def test_what_passes_also_when_it_comes_late(box: Box, tmp_path: Path) -> None:
    image = box("serve", "8080", "99", "1", changes=("EXPOSE 8080",))
    yes = (("x-box", Expect("exact", "yes")),)
    verdict = checked(image, tmp_path, get("/a", Expect("exact", "GET /a"), headers=yes), get("/old", status=302))
    assert whys(verdict) == []
    assert verdict.user == "root"
    assert verdict.first_answer is not None
    assert 1 <= verdict.first_answer < 9


def test_wrong_answers_say_both(box: Box, tmp_path: Path) -> None:
    image = box("serve", "8080", "99")
    wrong = (get("/a", Expect("exact", "POST /a")), get("/b", status=204), get("/c", headers=(("Etag", Expect("contains", "x")),)))
    verdict = checked(image, tmp_path, get("/"), *wrong, needs=Needs(port=8080))
    assert verdict.passed == 1
    assert whys(verdict) == [
        "GET /a: the body is 'GET /a', wanted 'POST /a'",
        "GET /b: status 200, wanted 204: GET /b",
        "GET /c: no header Etag",
    ]


def test_first_check_that_stays_wrong(box: Box, tmp_path: Path) -> None:
    verdict = checked(box("serve", "8080", "999"), tmp_path, get("/", status=500, timeout=0.6), get("/a"), needs=Needs(port=8080))
    assert whys(verdict) == ["GET /: status 200, wanted 500: GET /"]


def test_a_dripping_answer_ends_in_time(box: Box, tmp_path: Path) -> None:
    begin = time.monotonic()
    verdict = checked(box("serve", "8080", "99"), tmp_path, get("/"), get("/drip", timeout=0.5), needs=Needs(port=8080))
    assert len(whys(verdict)) == 1
    assert "/drip" in whys(verdict)[0]
    assert time.monotonic() - begin < 8


def test_death_while_waiting(box: Box, tmp_path: Path) -> None:
    verdict = checked(box("fail", "9"), tmp_path, get("/"), get("/a"), needs=Needs(port=8080))
    assert whys(verdict) == ["the container ended with exit 9: it broke", "not asked: the container has ended"]


def test_death_between_checks(box: Box, tmp_path: Path) -> None:
    verdict = checked(box("serve", "8080", "1"), tmp_path, get("/"), get("/a"), needs=Needs(port=8080))
    assert whys(verdict) == ["the container ended with exit 7: out of requests"]


def test_silence(box: Box, tmp_path: Path) -> None:
    verdict = checked(box("sleep"), tmp_path, get("/", timeout=0.6), get("/a"), needs=Needs(port=8080))
    assert whys(verdict)[0].startswith("no answer on port 8080 within 0.6 s")
    assert whys(verdict)[1] == "not asked: the app never answered"


def test_which_port(box: Box, tmp_path: Path) -> None:
    none = "the image exposes no port: add `port = 8080`, or whichever it is, under [run] in app.toml"
    assert whys(checked(box("serve", "8080", "9"), tmp_path, get("/"))) == [none]
    two = "the image exposes 80, 8080: say which with `port` under [run] in app.toml"
    assert whys(checked(box("serve", "8080", "9", changes=("EXPOSE 8080 80",)), tmp_path, get("/"))) == [two]


def test_missing_entrypoint(box: Box, tmp_path: Path) -> None:
    verdict = checked(box(entrypoint="/not/there"), tmp_path, get("/"), needs=Needs(port=8080))
    assert whys(verdict)[0].startswith("can't start: ")
