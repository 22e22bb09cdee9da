"""Every kind of advice on an image that calls for it, followed by hand in a second one: what was promised against what came of it."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tareweight import weighing
from tareweight.advice import Advice, Case, advise
from tareweight.project import make_plan, open_project
from tareweight.tasks.common import wishes

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE.parent / "docs" / "explain.schema.json").read_text(encoding="utf-8"))
SIZES = {"ignore/.git/objects/pack": 50_000, "ignore/tests/data.bin": 30_000, "bind/data": 300_000}
"""What the projects' contexts also have: nothing that a repository could hold, or that is worth holding there."""


@dataclass(frozen=True)
class Built:
    """The project where it was built, and its images looked at as if each were the only variant of its app."""

    root: Path
    prefix: str
    cases: dict[str, dict[str, Case]]


def tare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tareweight.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)


def plant(root: Path) -> None:
    for name, size in SIZES.items():
        (root / "apps" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "apps" / name).write_bytes(b"0" * size)
    (root / "apps/ignore/.env").write_text("LEVEL=debug\n")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", root / "apps/secret/key.pem"], capture_output=True, check=True)


def look(root: Path) -> dict[str, dict[str, Case]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        planned = make_plan(open_project(wishes()))
    weighed = weighing.weigh_all(planned, say=print)
    found: dict[str, dict[str, Case]] = {}
    for job in planned.jobs:
        mine = weighed[planned.images[job.image].id]
        assert isinstance(mine, weighing.Weighed), mine
        found.setdefault(job.target.app.name, {})[job.target.variant] = weighing.case_of(planned, job, mine, {}, say=print)
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    root = shutil.copytree(HERE / "projects" / "advice", tmp_path_factory.mktemp("advice") / "project")
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    (root / "tareweight.toml").write_text(f'prefix = "{prefix}"\n')
    plant(root)
    try:
        done = tare(root, "build-all")
        if done.returncode:  # a mirror fails at times; what was built stays
            done = tare(root, "build-all")
        assert done.returncode == 0, done.stderr
        yield Built(root, prefix, look(root))
    finally:
        words = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={prefix}/*"]
        if tags := subprocess.run(words, capture_output=True, text=True, check=True).stdout.split():
            subprocess.run(["docker", "image", "rm", "-f", *tags], capture_output=True, check=True)


FOLLOWED = [
    # app, kind, what of the promise may be missed (upwards of "at least", downwards of "at most")
    ("multi-stage", "multi-stage", 0.8),  # what gcc itself stands on goes too, and what apt fetched it with
    ("base", "smaller base", 0.01),
    ("dynamic", "smaller base", 0.25),  # the distroless base has OpenSSL, certificates and time zones
    ("slim", "smaller base", 0.6),  # and what the compilers and headers stand on
    ("python", "smaller base", 0.4),  # the distroless one has OpenSSL and the C library whole, and certificates
    ("recommends", "no recommends", 0.02),
    ("lists", "same layer", 0.01),
    ("later", "same layer", 0.01),
    ("cache", "cache mount", 0),
    ("bind", "bind mount", 0),
    ("strip", "strip", 0.02),
    ("owner", "copied with its owner", 0),
    ("ignore", "dockerignore", 0),
    ("docs", "documentation", 0.02),
]


@pytest.mark.parametrize(("app", "kind", "slack"), FOLLOWED, ids=[f"{app}: {kind}" for app, kind, _ in FOLLOWED])
def test_is_right_when_followed(built: Built, app: str, kind: str, slack: float) -> None:
    before, after = built.cases[app]["before"], built.cases[app]["after"]
    given = [one for one in advise(before) if one.kind == kind]
    assert given, advise(before)
    left = [one for one in advise(after) if one.kind == kind]
    assert left == [] or (app == "slim" and "distroless" in left[0].how[0])  # a slim base can still be a smaller one
    changes = {"size": before.weight.size - after.weight.size, "waste": before.weight.waste - after.weight.waste}
    for of in {one.of for one in given}:
        promised = sum(one.saves for one in given if one.of == of)
        bounds = {one.bound for one in given if one.of == of}
        low = promised * (1 - slack) if bounds & {"at most", "about"} else promised
        high = promised * (1 + slack) if bounds & {"at least", "about"} else promised
        assert low <= changes[of] <= high, (given, changes)


def test_a_user_of_its_own(built: Built) -> None:
    before, after = built.cases["user"]["before"], built.cases["user"]["after"]
    (advice,) = (one for one in advise(before) if one.kind == "user")
    assert advice.line == 2
    assert "before Dockerfile:2: USER 65532:65532" in advice.how[0]
    assert advise(after) == []


def test_a_key_is_named_and_never_shown(built: Built) -> None:
    (advice,) = (one for one in advise(built.cases["secret"]["before"]) if one.kind == "secret")
    assert "/app/key.pem" in advice.what
    assert any("apps/secret/.dockerignore: key.pem" in how for how in advice.how)
    key = (built.root / "apps/secret/key.pem").read_text().split("\n")[1]
    assert key not in str(advice)
    assert advise(built.cases["secret"]["after"]) == []


def test_nothing_to_say_of_the_smallest(built: Built) -> None:
    """A static program, stripped, alone and not as root."""
    assert advise(built.cases["base"]["after"]) == []
    assert advise(built.cases["strip"]["after"]) == []


def test_says_where_in_the_dockerfile(built: Built) -> None:
    def of(app: str, kind: str) -> Advice:
        return next(one for one in advise(built.cases[app]["before"]) if one.kind == kind)

    assert (of("cache", "cache mount").line, of("cache", "cache mount").how) == (4, ("Dockerfile:4: RUN --mount=type=cache,target=/root/.npm ...",))
    assert "Dockerfile:2: apt-get install --no-install-recommends ..." in of("recommends", "no recommends").how
    assert "Dockerfile:2: make one RUN of this and Dockerfile:3, and end it with `&& rm -rf /var/lib/apt/lists/*`" in [
        how for one in advise(built.cases["lists"]["before"]) for how in one.how
    ]
    assert "make one RUN of Dockerfile:2, Dockerfile:3 and Dockerfile:4, with `rm /opt/archive` at its end" in of("later", "same layer").how
    assert "Dockerfile:5: COPY --chown=65532:65532 /data /data" in of("owner", "copied with its owner").how
    assert "COPY --from=build /app/hello /app/hello" in of("multi-stage", "multi-stage").how[-1]


def test_what_only_a_recommendation_brought_is_what_apt_says(built: Built) -> None:
    image = f"{built.prefix}/recommends:before"
    words = ["-o", "APT::AutoRemove::RecommendsImportant=false", "-o", "APT::AutoRemove::SuggestsImportant=false", "autoremove", "--dry-run"]
    told = subprocess.run(["docker", "run", "--rm", "--user", "0", "--entrypoint", "apt-get", image, *words], capture_output=True, text=True, check=True).stdout
    assert sorted(re.findall(r"^Remv (\S+)", told, re.MULTILINE)) == list(built.cases["recommends"]["before"].weight.scan.recommended)


def test_beside_a_variant_that_passes_the_number_is_exact(built: Built) -> None:
    done = tare(built.root, "explain", "--app", "multi-stage", "--variant", "before", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    jsonschema.validate(told, SCHEMA)
    first = told["advice"][0]
    cases = built.cases["multi-stage"]
    assert (first["kind"], first["bound"]) == ("multi-stage", "exactly")
    assert first["saves_bytes"] == cases["before"].weight.size - cases["after"].weight.size
    assert "the variant after" in first["how"][0]


@pytest.mark.parametrize("format", ["table", "markdown"])
def test_explains_every_image(built: Built, format: str) -> None:
    for app, kind, _ in FOLLOWED:
        done = tare(built.root, "explain", "--app", app, "--variant", "before", "--format", format)
        assert done.returncode == 0, done.stderr
        assert kind in done.stdout
        if format == "table":
            assert max(map(len, done.stdout.splitlines())) <= 100


def test_an_image_that_is_out_of_date_says_so(built: Built) -> None:
    file = built.root / "dockerfiles" / "user" / "before.Dockerfile"
    before = file.read_text()
    try:
        file.write_text(f"# changed since\n{before}")
        done = tare(built.root, "explain", "--app", "user", "--variant", "before")
    finally:
        file.write_text(before)
    assert "OUT OF DATE (Dockerfile changed)" in done.stdout
