"""The build that mounts images: what it says, and what a fault in it costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tareweight.bases.resolve import Base
from tareweight.errors import TareError
from tareweight.process import CommandFailed, Completed
from tareweight.scale import beside
from tareweight.scale.beside import Step


def scans(*references: str, platform: str = "linux/amd64") -> list[Step]:
    return [beside.scan_step(reference, platform, {"workdir": "/app"}) for reference in references]


def test_an_image_is_never_in_a_from() -> None:
    text = beside.dockerfile(dict(enumerate(scans("one:1", "two:2"))))
    froms = [line.split()[-3 if " AS " in line else -1] for line in text.splitlines() if line.startswith("FROM")]
    assert froms == ["scanner", "program", "scratch"], "its ONBUILD triggers would be run"
    runs = [line for line in text.splitlines() if line.startswith("RUN")]
    assert all("--network=none" in line for line in runs)
    for number in range(2):
        assert f"--mount=type=bind,from=image{number},target=/images/{number},readonly" in runs[-1]
    assert "one:1" not in text
    words = json.loads(runs[-1][runs[-1].index("[") :])
    assert words[0].startswith("/"), "no shell"


class Builds:
    """Stands in for buildx: answers for every image but those that it says are bad."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.built: list[list[str]] = []
        self.platforms: list[str] = []

    def __call__(self, argv: list[str], **_: object) -> Completed:
        contexts = [word.split("=docker-image://") for word in argv if word.startswith("image")]
        self.built.append([reference for _, reference in contexts])
        self.platforms.append(argv[argv.index("--platform") + 1])
        if "gone" in self.bad:
            raise CommandFailed(argv, 124, "no answer within 1 s")
        found = self.bad & {reference for _, reference in contexts}
        if found:
            return Completed(tuple(argv), 1, "", f"ERROR: failed to solve: {found.pop()}: not \x1b[31mfound\n")
        out = Path(argv[argv.index("--output") + 1].removeprefix("type=local,dest="))
        jobs = json.loads((Path(argv[-1]) / "input" / "jobs.json").read_text())
        assert len(jobs) == len(contexts)
        for name, reference in contexts:
            folder = out / name.removeprefix("image")
            folder.mkdir(parents=True)
            (folder / beside.ANSWER).write_text(json.dumps(reference))
        return Completed(tuple(argv), 0, "", "")


def answers(steps: list[Step]) -> list[object]:
    with beside.run_steps(steps, scanner="docker-image://scanner:1", builder="default") as found:
        return [beside.read(one) if isinstance(one, Path) else str(one) for one in found]


def test_one_build_for_each_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = Builds(set())
    monkeypatch.setattr(beside, "run", builds)
    steps = [*scans("one:1"), *scans("arm:1", platform="linux/arm64"), *scans("two:1")]
    assert answers(steps) == ["one:1", "arm:1", "two:1"]
    assert builds.built == [["one:1", "two:1"], ["arm:1"]]
    assert builds.platforms == ["linux/amd64", "linux/arm64"]
    assert answers([]) == []


def test_one_that_breaks_the_build_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = Builds({"bad:1"})
    monkeypatch.setattr(beside, "run", builds)
    assert answers(scans("one:1", "bad:1", "two:1")) == ["one:1", "bad:1: not found", "two:1"]
    assert builds.built == [["one:1", "bad:1", "two:1"], ["one:1"], ["bad:1"], ["two:1"]]


def test_a_build_without_an_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "run", Builds({"gone"}))
    assert all("no answer within 1 s" in str(one) for one in answers(scans("one:1", "two:1")))


def test_the_scanner_is_found_by_its_context_or_its_name() -> None:
    assert beside.context_of(Base("a/b", "upstream", "x", "")) == "docker-image://a/b"
    assert beside.context_of(Base("a/b", "debian", "x", "docker-image://c/d")) == "docker-image://c/d"


def test_a_program_that_failed_says_why_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "error").write_bytes(b"it\nbroke \x1b[31m\xff")
    with pytest.raises(TareError, match="the scan failed") as caught:
        beside.read(tmp_path)
    assert str(caught.value) == "the scan failed: it broke \N{REPLACEMENT CHARACTER}"
