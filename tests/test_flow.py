"""The whole way on a real engine: a tiny project of its own, under a prefix of its own, removed at the end."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
ONE = """\
FROM scratch
ARG WORD=a
LABEL word=$WORD
COPY box /box
COPY data /data
ENTRYPOINT ["/box"]
"""
CHECK = """
[[check]]
name = "echo"
args = ["echo", "hello"]
stdout = "hello\\n"
"""
Done = subprocess.CompletedProcess[str]


def tare(folder: Path, *words: str) -> Done:
    command = [sys.executable, "-c", "from tareweight.cli import main; main()", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def docker(*words: str, stdin: bytes | None = None) -> str:
    return subprocess.run(["docker", *words], input=stdin, capture_output=True, check=True).stdout.decode().strip()


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def tags(prefix: str) -> set[str]:
    listed = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={prefix}/*").split()
    return {name.removeprefix(f"{prefix}/") for name in listed}


def ids(prefix: str) -> dict[str, str]:
    return {name: docker("image", "inspect", "--format", "{{.Id}}", f"{prefix}/{name}") for name in tags(prefix)}


def stale(folder: Path, *words: str) -> set[str]:
    done = tare(folder, "build-all", "--dry-run", *words)
    assert done.returncode == 0, done
    return {line.split()[0] for line in done.stdout.splitlines() if not line.endswith("up to date")}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static program of the checks' tests."""
    program = tmp_path_factory.mktemp("program") / "box"
    subprocess.run(["gcc", "-static", "-O1", "-o", program, HERE / "check" / "box.c"], check=True)
    return program


def make(root: Path, box: Path) -> str:
    """A project of two apps and three targets; answers with its prefix."""
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    write(root, "tareweight.toml", f'prefix = "{prefix}"\n')
    for app in ("one", "two"):
        write(root, f"apps/{app}/app.toml", f'title = "{app}"\nversion = "3"\ndescription = "costs ${{x}} 50 %{{y}}"\n{CHECK}')
        write(root, f"apps/{app}/data", "data")
        write(root, f"apps/{app}/.dockerignore", "*.log\n")
        shutil.copy(box, root / "apps" / app / "box")
    write(root, "dockerfiles/one/single.Dockerfile", ONE)
    write(root, "dockerfiles/one/other.Dockerfile", ONE.replace("COPY data /data\n", ""))
    write(root, "dockerfiles/two/single.Dockerfile", ONE.replace("ARG WORD=a\nLABEL word=$WORD\n", ""))
    return prefix


def remove(prefix: str) -> None:
    left = [f"{prefix}/{name}" for name in tags(prefix)]
    if left:
        docker("image", "rm", "-f", *left)


@pytest.fixture
def project(tmp_path: Path, box: Path) -> Iterator[tuple[Path, str]]:
    root = tmp_path / "project"
    prefix = make(root, box)
    yield root, prefix
    remove(prefix)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, box: Path) -> Iterator[tuple[Path, str]]:
    """A project that was built once; nobody changes it."""
    root = tmp_path_factory.mktemp("built") / "project"
    prefix = make(root, box)
    done = tare(root, "build-all")
    assert done.returncode == 0, done.stderr
    assert "3 built" in done.stderr
    assert done.stderr.count("check ok 1/1") == 3
    yield root, prefix
    remove(prefix)


def test_builds_all_and_a_second_run_builds_nothing(built: tuple[Path, str]) -> None:
    root, prefix = built
    before = ids(prefix)
    assert set(before) == {"one:single", "one:other", "two:single"}
    done = tare(root, "build-all")
    assert done.returncode == 0
    assert "3 up to date" in done.stderr
    assert ids(prefix) == before


def test_labels(built: tuple[Path, str]) -> None:
    _, prefix = built
    labels = json.loads(docker("image", "inspect", "--format", "{{json .Config.Labels}}", f"{prefix}/one:single"))
    oci = "org.opencontainers.image"
    assert labels[f"{oci}.title"] == "one"
    assert labels[f"{oci}.version"] == "3"
    assert labels[f"{oci}.base.name"] == "scratch"
    assert labels["dev.tareweight.target"] == f"{prefix}/one:single"
    assert len(labels["dev.tareweight.fingerprint"]) == 64


def test_compare_alone(built: tuple[Path, str]) -> None:
    root, prefix = built
    done = tare(root, "compare", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    jsonschema.validate(told, json.loads((HERE.parent / "docs" / "compare.schema.json").read_text()))
    assert f"{prefix}/one:single" in done.stdout
    for form in ("table", "markdown", "csv"):
        assert tare(root, "compare", "--format", form).returncode == 0


def _mode(root: Path) -> None:
    (root / "apps/one/data").chmod(0o755)


ONES = {"one:single", "one:other"}
CHANGES: dict[str, tuple[Callable[[Path], object], tuple[str, ...], set[str]]] = {
    "nothing, elsewhere": (lambda _: None, (), set()),
    "a byte": (lambda r: write(r, "apps/one/data", "dat4"), (), ONES),
    "a mode": (_mode, (), ONES),
    "the ignore file": (lambda r: write(r, "apps/one/.dockerignore", "*.log\n*.tmp\n"), (), ONES),
    "a Dockerfile": (lambda r: write(r, "dockerfiles/one/single.Dockerfile", ONE + "USER 1\n"), (), {"one:single"}),
    "an argument": (lambda _: None, ("--set", "WORD=b"), ONES),
    "the other app": (lambda r: write(r, "apps/two/data", "x"), (), {"two:single"}),
    "a time": (lambda r: os.utime(r / "apps/one/data", (1, 1)), (), set()),
    "an ignored file": (lambda r: write(r, "apps/one/x.log", "x"), (), set()),
    "a file beside": (lambda r: write(r, "notes.txt", "x"), (), set()),
    "a corrupt cache": (lambda r: write(r, ".tare/contexts.json", "{"), (), set()),
    "force": (lambda _: None, ("--force",), {*ONES, "two:single"}),
    "a tag that isn't there": (lambda _: None, ("--tag", "v9"), {*ONES, "two:single"}),
}


@pytest.mark.parametrize(("change", "words", "wanted"), CHANGES.values(), ids=CHANGES)
def test_what_makes_stale(built: tuple[Path, str], tmp_path: Path, change: Callable[[Path], object], words: tuple[str, ...], wanted: set[str]) -> None:
    root = Path(shutil.copytree(built[0], tmp_path / "copy"))
    change(root)
    assert stale(root, *words) == wanted


def test_another_base_makes_stale(project: tuple[Path, str], box: Path) -> None:
    root, prefix = project
    packed = subprocess.run(["tar", "-C", box.parent, "-c", "box"], capture_output=True, check=True).stdout
    docker("import", "-", f"{prefix}/base:1", stdin=packed)
    write(root, "dockerfiles/one/single.Dockerfile", f'FROM {prefix}/base:1\nENTRYPOINT ["/box"]\n')
    done = tare(root, "build-all", "--app", "one")
    assert done.returncode == 0, done.stderr
    assert stale(root, "--app", "one") == set()
    docker("import", "--change", "ENV A=b", "-", f"{prefix}/base:1", stdin=packed)
    assert stale(root, "--app", "one") == {"one:single"}


def test_one_bad_dockerfile_stops_no_other(project: tuple[Path, str]) -> None:
    root, prefix = project
    write(root, "dockerfiles/one/single.Dockerfile", ONE + 'RUN ["/box", "fail", "3"]\n')
    write(root, "dockerfiles/one/empty.Dockerfile", "# nothing\n")
    write(root, "dockerfiles/one/named.Dockerfile", "FROM NO:::\n")
    write(root, "dockerfiles/one/away.Dockerfile", "FROM tareweight-test-none/none:1\n")
    (root / "dockerfiles/one/folder.Dockerfile").mkdir()
    done = tare(root, "build-all")
    assert done.returncode == 1, done.stderr
    assert "2 built, 5 failed" in done.stderr
    assert "single.Dockerfile:7: " in done.stderr
    assert "it broke" in done.stderr
    assert "\x1b" not in done.stderr
    assert "empty.Dockerfile: no FROM" in done.stderr
    assert "'NO:::' can't be an image's name" in done.stderr
    assert "folder.Dockerfile: Is a directory" in done.stderr
    assert "base tareweight-test-none/none:1: " in done.stderr
    log = next(line.split("whole log: ")[1] for line in done.stderr.splitlines() if "whole log: " in line)
    assert "it" in Path(log).read_text()
    assert tags(prefix) == {"one:other", "two:single"}

    bad = {"empty", "named", "away", "folder"}
    told = tare(root, "compare", "--format", "json")
    report = json.loads(told.stdout)
    jsonschema.validate(report, json.loads((HERE.parent / "docs" / "compare.schema.json").read_text()))
    rows = {f"{row['app']}:{row['variant']}": row for row in report["rows"]}
    assert set(rows) == {"one:single", "one:other", "two:single"} | {f"one:{name}" for name in bad}
    assert "single.Dockerfile:7" in rows["one:single"]["reason"]
    assert "no FROM" in rows["one:empty"]["reason"]

    write(root, "dockerfiles/one/single.Dockerfile", ONE)
    (root / "dockerfiles/one/folder.Dockerfile").rmdir()
    for name in bad - {"folder"}:
        (root / f"dockerfiles/one/{name}.Dockerfile").unlink()
    done = tare(root, "build-all")
    assert done.returncode == 0, done.stderr
    assert "1 built, 2 up to date" in done.stderr


def test_a_failed_check_is_a_failure(project: tuple[Path, str]) -> None:
    root, _ = project
    write(root, "apps/two/app.toml", CHECK.replace('"hello\\n"', '"goodbye"'))
    done = tare(root, "build-all", "--app", "two")
    assert done.returncode == 1, done.stderr
    assert "check FAILED 0/1" in done.stderr
    assert tare(root, "verify", "--app", "two").returncode == 1
    assert tare(root, "build-all", "--app", "two", "--force", "--no-verify").returncode == 0


def test_tags_and_clean(project: tuple[Path, str]) -> None:
    root, prefix = project
    assert tare(root, "build-all", "--tag", "v1", "--no-verify").returncode == 0
    three = {"one:single", "one:other", "two:single"}
    assert tags(prefix) == three | {f"{name}-v1" for name in three}
    same = ids(prefix)
    assert all(same[name] == same[f"{name}-v1"] for name in three)
    docker("tag", f"{prefix}/one:single", f"{prefix}/mine:single")
    docker("tag", f"{prefix}/one:single", f"{prefix}/one:mine")
    docker("rmi", f"{prefix}/two:single-v1")
    write(root, "dockerfiles/two/gone.Dockerfile", "FROM scratch\nCOPY . /\n")
    write(root, "apps/two/more", "what makes it another image")
    assert tare(root, "build-all", "--app", "two", "--no-verify").returncode == 0
    (root / "dockerfiles/two/gone.Dockerfile").unlink()
    former = docker("image", "ls", "--quiet", "--filter", "dangling=true", "--filter", f"label=dev.tareweight.target={prefix}/two:single").split()
    assert len(former) == 1
    done = tare(root, "clean", "--app", "two")
    assert (done.returncode, done.stderr.count("removed ")) == (0, 3), done.stderr
    assert f"a former {prefix}/two:single ({former[0]})" in done.stderr
    assert not docker("image", "ls", "--quiet", "--filter", f"label=dev.tareweight.target={prefix}/two:single")
    assert tags(prefix) == {"one:single", "one:other", "one:single-v1", "one:other-v1", "mine:single", "one:mine"}
    assert (root / ".tare" / "contexts.json").exists()
    assert tare(root, "clean").returncode == 0
    assert tags(prefix) == {"mine:single", "one:mine"}
    assert not (root / ".tare" / "contexts.json").exists()
    assert tare(root, "clean").returncode == 0


def test_bake_builds_the_same(project: tuple[Path, str]) -> None:
    root, prefix = project
    assert tare(root, "build-all", "--no-verify").returncode == 0
    template = "{{json .RootFS.Layers}} {{json .Config.Labels}} {{json .Config.Entrypoint}}"
    before = {name: docker("image", "inspect", "--format", template, f"{prefix}/{name}") for name in tags(prefix)}
    remove(prefix)
    plan = tare(root, "bake")
    assert plan.returncode == 0, plan.stderr
    environment = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    subprocess.run(["docker", "buildx", "bake", "-f", "-"], input=plan.stdout, text=True, cwd=root, env=environment, capture_output=True, check=True)
    assert {name: docker("image", "inspect", "--format", template, f"{prefix}/{name}") for name in tags(prefix)} == before
    assert stale(root) == set()


def test_two_files_are_a_project(tmp_path: Path) -> None:
    prefix = f"tareweight-test-{secrets.token_hex(4)}"
    write(tmp_path, "tareweight.toml", f'prefix = "{prefix}"\n')
    write(tmp_path, "app.toml", "")
    write(tmp_path, "Dockerfile", "FROM scratch\nCOPY app.toml /\n")
    try:
        assert "1 built" in tare(tmp_path, "build-all").stderr
        assert "1 up to date" in tare(tmp_path, "build-all").stderr
        assert tare(tmp_path, "compare").returncode == 0
    finally:
        remove(prefix)


def _alive(mark: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in file.read_bytes():
                found.append(file.parent.name)
        except OSError:
            continue
    return found


def test_interrupt(project: tuple[Path, str]) -> None:
    root, prefix = project
    mark = secrets.token_hex(8)
    for variant in ("single", "other"):
        write(root, f"dockerfiles/one/{variant}.Dockerfile", ONE + f'RUN ["/box", "sleep", "{variant}{mark}"]\n')
    command = [sys.executable, "-c", "from tareweight.cli import main; main()", "build-all", "--app", "one"]
    running = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    end = time.monotonic() + 60
    while len(_alive(mark)) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    took = time.monotonic() - began
    assert running.returncode == 130, told
    assert "Traceback" not in told
    assert told.splitlines()[-1].startswith("tareweight: interrupted")
    assert took < 2
    end = time.monotonic() + 5
    while _alive(mark) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _alive(mark)
    assert tags(prefix) == set()


def test_fail_fast_cancels_the_rest(project: tuple[Path, str]) -> None:
    root, _ = project
    mark = secrets.token_hex(8)
    write(root, "dockerfiles/one/other.Dockerfile", ONE + f'RUN ["/box", "sleep", "{mark}"]\n')
    write(root, "dockerfiles/one/single.Dockerfile", ONE + 'RUN ["/box", "fail", "3"]\n')
    done = tare(root, "build-all", "--app", "one", "--fail-fast")
    assert done.returncode == 1, done.stderr
    assert "1 failed, 1 cancelled" in done.stderr
