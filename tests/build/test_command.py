from __future__ import annotations

import json
from pathlib import Path

import pytest

from tareweight.bases.resolve import Base
from tareweight.build import plan
from tareweight.build.builder import Builder
from tareweight.build.command import argv, bake
from tareweight.build.plan import Job
from tareweight.build.setup import Setup
from tareweight.catalog import App, Making, Needs, Target
from tareweight.engine.client import Engine
from tareweight.errors import BadInput
from tareweight.settings import Settings

ENGINE = Engine(version="28.0.0", platform="linux/amd64", builder="default")
SETTINGS = Settings(Path("/p"), "pre", secrets={"npm": Path("/p/rc")})


def job(app: str = "a", variant: str = "single") -> Job:
    target = Target(App(app, Path("/p/apps/a"), Path("/p/apps/a"), "A", "", "1", "single", (), Needs(), {}), variant, Path(f"/p/{variant}.Dockerfile"))
    base = Base("golang:1.24", "debian", "sha256:1", "docker-image://x@sha256:1")
    image = plan.image_name(SETTINGS, target)
    return Job(target, image, (image, f"{image}-v1"), {"K": "v=${x}"}, (base,), base, {"l": "${a} %{b}"}, fingerprint="f" * 64)


def pairs(words: list[str], flag: str) -> list[str]:
    return [words[n + 1] for n, word in enumerate(words) if word == flag]


def test_argv() -> None:
    words = argv(job(), engine=ENGINE, settings=SETTINGS, source={"rev": "1"}, metadata=Path("/m"), no_cache=True)
    assert words[:3] == ["docker", "buildx", "build"]
    assert words[-1] == "/p/apps/a"
    assert "--no-cache" in words
    assert pairs(words, "--tag") == ["pre/a:single", "pre/a:single-v1"]
    assert pairs(words, "--build-arg") == ["K=v=${x}"]
    assert pairs(words, "--build-context") == ["golang:1.24=docker-image://x@sha256:1"]
    assert pairs(words, "--secret") == ["id=npm,src=/p/rc"]
    labels = dict(word.split("=", 1) for word in pairs(words, "--label"))
    assert labels["l"] == "${a} %{b}"
    assert labels["rev"] == "1"
    assert labels["dev.tareweight.fingerprint"] == "f" * 64
    assert labels["org.opencontainers.image.base.digest"] == "sha256:1"


def test_bake_escapes_templates_and_keeps_every_target() -> None:
    jobs = [job("a-b", "c"), job("a", "b-c"), job("a.b", "c"), job("a_b", "c")]
    told = json.loads(bake(jobs, settings=SETTINGS, source={}))
    assert len(told["target"]) == 4
    assert sorted(told["target"]) == told["group"]["default"]["targets"]
    first = told["target"]["a-b-c"]
    assert first["args"] == {"K": "v=$${x}"}
    assert first["labels"]["l"] == "$${a} %%{b}"
    assert first["contexts"] == {"golang:1.24": "docker-image://x@sha256:1"}


@pytest.mark.parametrize("word", ["K", "=v", "1K=v", "K V=1", ""])
def test_bad_argument(word: str) -> None:
    with pytest.raises(BadInput, match="not K=V"):
        plan.arguments([word])


def test_arguments() -> None:
    assert plan.arguments(["A=1", "B=", "C=x=y", "A=1"]) == {"A": "1", "B": "", "C": "x=y"}
    with pytest.raises(BadInput, match="A is given twice"):
        plan.arguments(["A=1", "A=2"])


def test_arguments_go_where_they_are_declared(tmp_path: Path) -> None:
    app = job().target.app
    targets = []
    for name, text in (("one", "ARG A\nFROM scratch\n"), ("two", "FROM scratch\nARG B=1\n"), ("bad", "# nothing\n")):
        (tmp_path / f"{name}.Dockerfile").write_text(text)
        targets.append(Target(app, name, tmp_path / f"{name}.Dockerfile"))
    targets.append(Target(app, "gone", tmp_path / "gone.Dockerfile"))
    one, two, bad, gone = plan.read_dockerfiles(targets, {"A": "1", "B": "2"})
    assert (one.args, two.args) == ({"A": "1"}, {"B": "2"})
    assert "no FROM" in bad.error
    assert "No such file" in gone.error
    with pytest.raises(BadInput, match="--set C: no chosen Dockerfile has ARG C"):
        plan.read_dockerfiles(targets[:2], {"C": "1"})


def test_a_variants_own_arguments(tmp_path: Path) -> None:
    file = tmp_path / "small.Dockerfile"
    file.write_text("ARG BASE=base\nARG VERSION=1\nFROM ${BASE}:${VERSION}\n")
    app = job().target.app._replace(makings={"debug": Making("small", (("BASE", "debug"),)), "bad": Making("small", (("BASS", "debug"),))})
    small, debug = plan.read_dockerfiles([Target(app, "small", file), Target(app, "debug", file)], {"VERSION": "2", "BASE": "other"})
    assert (small.args, debug.args) == ({"BASE": "other", "VERSION": "2"}, {"BASE": "debug", "VERSION": "2"})
    assert [read.dockerfile.base for read in (small, debug) if read.dockerfile] == ["other:2", "debug:2"]
    with pytest.raises(BadInput, match=r"variants\.bad\.args: small\.Dockerfile has no ARG BASS\. Did you mean 'BASE'\?"):
        plan.read_dockerfiles([Target(app, "bad", file)], {})


def test_tags() -> None:
    target = job().target
    assert plan.tag_names(SETTINGS, target, "") == ("pre/a:single",)
    assert plan.tag_names(SETTINGS, target, "v1") == ("pre/a:single", "pre/a:single-v1")
    for tag in ("a b", "x" * 128, "é"):
        with pytest.raises(BadInput, match="can't be an image's tag"):
            plan.tag_names(SETTINGS, target, tag)


def test_a_comma_in_a_secrets_path() -> None:
    settings = Settings(Path("/p"), "pre", secrets={"npm": Path('/p/a,b"c')})
    words = argv(job(), engine=ENGINE, settings=settings, source={}, metadata=Path("/m"), no_cache=False)
    assert pairs(words, "--secret") == ['id=npm,"src=/p/a,b""c"']


@pytest.mark.parametrize(("own", "expected"), [("", "1700000000"), ("5", "5")])
def test_the_epoch_is_a_build_argument_unless_the_target_has_its_own(monkeypatch: pytest.MonkeyPatch, own: str, expected: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    made, settings = job(), Settings(Path("/p"))
    made.args = {"SOURCE_DATE_EPOCH": own} if own else {}
    words = argv(made, engine=ENGINE, settings=settings, source={}, metadata=Path("/m"), no_cache=False)
    assert pairs(words, "--build-arg") == [f"SOURCE_DATE_EPOCH={expected}"]
    assert json.loads(bake([made], settings=settings, source={}))["target"]["a-single"]["args"] == {"SOURCE_DATE_EPOCH": expected}


def test_times_are_rewritten_on_the_way_into_the_engine() -> None:
    setup = Setup(Builder("b", "docker", ("linux/amd64",), own=False), ("linux/amd64",), rewrite=True)
    words = argv(job(), engine=ENGINE, settings=SETTINGS, source={}, metadata=Path("/m.json"), no_cache=False, setup=setup)
    assert pairs(words, "--output") == ['type=docker,dest=/m.tar,"name=pre/a:single,pre/a:single-v1",rewrite-timestamp=true']
    assert "--tag" not in words
    assert "--load" not in words
