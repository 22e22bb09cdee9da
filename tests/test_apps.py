"""The main way on the real apps of this repository: every variant is built, checked and compared on a real engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PREFIX = f"tareweight-test-{os.getpid()}"
APPS = ["calculator", "clock", "converter", "frontend", "greeter", "notes"]
GIVEN = dict(os.environ)
"""Read before any fixture: where bases come from is CI's to say, here alone."""
pytestmark = pytest.mark.engine


def invoke(*words: str, code: int = 0, prefix: str = PREFIX) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "invoke", *words], cwd=ROOT, env={**GIVEN, "TAREWEIGHT_PREFIX": prefix}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def docker(*words: str, stdin: str = "") -> str:
    return subprocess.run(["docker", *words], input=stdin, capture_output=True, text=True, check=True).stdout


def layers(image: str) -> list[str]:
    return list(json.loads(docker("image", "inspect", image))[0]["RootFS"]["Layers"])


@pytest.fixture(scope="module")
def rows() -> Iterator[list[dict[str, Any]]]:
    try:
        invoke("build-all")
        yield json.loads(invoke("compare", "--format", "json"))["rows"]
    finally:
        invoke("clean", *(word for app in APPS for word in ("--app", app)))


def test_every_variant_is_built_and_does_its_job(rows: list[dict[str, Any]]) -> None:
    assert len(rows) >= 10
    assert {row["app"] for row in rows} == set(APPS)
    assert [row for row in rows if not row["check"]["ok"]] == []


def test_smaller_variants_are_smaller(rows: list[dict[str, Any]]) -> None:
    for app in APPS:
        sizes = {row["variant"]: row["size_bytes"] for row in rows if row["app"] == app}
        single = sizes.pop("single")
        assert max(sizes.values()) < single
        assert min(sizes.values()) < single / 4


def test_only_single_runs_as_root(rows: list[dict[str, Any]]) -> None:
    assert {row["variant"] for row in rows if row["user"] == "root"} == {"single"}


def test_the_layers_are_those_of_docker_history(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        told = docker("history", "--human=false", "--format", "{{.Size}}", row["image"])
        assert sum(map(int, told.split())) == row["weight"]["layered_bytes"]


def test_docker_run_answers_42(rows: list[dict[str, Any]]) -> None:
    image = next(row["image"] for row in rows if row["app"] == "calculator" and row["variant"] == "distroless")
    assert "42" in docker("run", "--rm", "-i", image, stdin="6 * 7\n")


def test_nothing_is_built_twice(rows: list[dict[str, Any]]) -> None:
    assert rows
    before = {row["image"]: row["image_id"] for row in rows}
    assert all(line.endswith("up to date") for line in invoke("build-all", "--dry-run").splitlines())
    invoke("build-all")
    after = {row["image"]: row["image_id"] for row in json.loads(invoke("compare", "--format", "json"))["rows"]}
    assert after == before


def test_bake_builds_the_same_layers(rows: list[dict[str, Any]]) -> None:
    ours = {row["image"]: layers(row["image"]) for row in rows}
    subprocess.run(["docker", "buildx", "bake", "-f", "-"], input=invoke("bake"), cwd=ROOT, text=True, capture_output=True, check=True)
    assert {row["image"]: layers(row["image"]) for row in rows} == ours


@pytest.mark.parametrize("app", APPS)
def test_the_apps_own_unit_tests_pass(app: str, rows: list[dict[str, Any]]) -> None:
    assert rows
    plan = json.loads(invoke("bake", "--app", app, "--variant", "multistage"))
    for target in plan["target"].values():
        target.update(target="test", tags=[], output=["type=cacheonly"])
    subprocess.run(["docker", "buildx", "bake", "-f", "-"], input=json.dumps(plan), cwd=ROOT, text=True, capture_output=True, check=True)


@pytest.mark.parametrize(
    ("app", "pins"),
    [
        ("calculator", ["GO_VERSION=1.19", "ALPINE_VERSION=latest", "DISTROLESS=gcr.io/distroless/base"]),
        ("frontend", ["NODE_VERSION=16", "DISTROLESS=gcr.io/distroless/base"]),
    ],
)
def test_the_old_pins_build_and_work(app: str, pins: list[str]) -> None:
    prefix = f"{PREFIX}-old"
    try:
        invoke("build-all", "--app", app, *(word for pin in pins for word in ("--set", pin)), prefix=prefix)
    finally:
        invoke("clean", "--app", app, prefix=prefix)


def test_calculator_and_frontend_keep_the_same_rules() -> None:
    go = ROOT / "apps/calculator/internal/calc/testdata/cases.json"
    page = ROOT / "apps/frontend/src/cases.json"
    assert go.read_bytes() == page.read_bytes()
