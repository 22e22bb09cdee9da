"""Two images on the engine: weighed, compared and accounted for; and `invoke diff`, which does that."""

from __future__ import annotations

import io
import json
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tareweight import weighing
from tareweight.difference import Difference, between, candidates
from tareweight.engine.client import connect
from tareweight.project import open_project
from tareweight.scale import files, kept, same, weigh
from tareweight.scale.weight import Weight
from tareweight.tasks.common import wishes

pytestmark = pytest.mark.engine

STATUS = "Package: {0}\nStatus: install ok installed\nVersion: {1}\nArchitecture: all\n\n"
OLD = {
    "etc/os-release": b'PRETTY_NAME="Old"\n',
    "usr/bin/bash": b"b" * 1000,
    "usr/bin/tool": b"t" * 500,
    "usr/bin/same": b"s" * 100,
    "app/server": b"1" * 300,
    "app/kept": b"k" * 50,
    "var/lib/apt/lists/deb.example_Packages": b"l" * 4000,
    "var/lib/dpkg/status": "".join(STATUS.format(name, "1") for name in ("bash", "tool", "same")).encode(),
    "var/lib/dpkg/info/bash.list": b"/usr/bin/bash\n",
    "var/lib/dpkg/info/tool.list": b"/usr/bin/tool\n",
    "var/lib/dpkg/info/same.list": b"/usr/bin/same\n",
}
NEW = {
    **{path: content for path, content in OLD.items() if "bash" not in path and "lists" not in path},
    "usr/bin/tool": b"t" * 700,
    "app/server": b"2" * 300,
    "var/lib/dpkg/status": (STATUS.format("tool", "2") + STATUS.format("same", "1")).encode(),
}


def image(tag: str, tree: dict[str, bytes], *changes: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in tree.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755 if "bin/" in path else 0o644
            tar.addfile(entry, io.BytesIO(content))
    words = [word for change in changes for word in ("--change", change)]
    subprocess.run(["docker", "import", *words, "-", tag], input=packed.getvalue(), capture_output=True, check=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """A project of one app in two variants, and the names of their images."""
    root = tmp_path_factory.mktemp("project")
    prefix = f"tareweight-test-diff-{secrets.token_hex(4)}"
    (root / "tareweight.toml").write_text(f'prefix = "{prefix}"\n')
    for folder in ("apps/hello", "dockerfiles/hello"):
        (root / folder).mkdir(parents=True)
    (root / "apps/hello/app.toml").touch()
    for variant in ("single", "small"):
        (root / f"dockerfiles/hello/{variant}.Dockerfile").write_text("FROM scratch\n")
    names = [f"{prefix}/hello:{variant}" for variant in ("single", "small")]
    try:
        image(names[0], OLD, "ENV KEPT=1 GONE=1")
        image(names[1], NEW, "ENV KEPT=1", "USER 65532", "EXPOSE 8080")
        yield root, names
    finally:
        subprocess.run(["docker", "image", "rm", "-f", *names], capture_output=True, check=False)


@pytest.fixture(scope="module")
def difference(project: tuple[Path, list[str]]) -> Difference:
    root, names = project
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        opened = open_project(wishes((), ()))
    tare, scanner, engine = opened.settings.tare, partial(weighing.scanner, opened, lambda _text: None), connect()
    told = weigh.weigh({name: name for name in names}, tare=tare, engine=engine, scanner=scanner, files=True)
    old, new = (one for one in told.values() if isinstance(one, Weight))
    was, now = (files.read(kept.table(tare, one.image_id)) for one in (old, new))
    changed = same.changed(old.image_id, new.image_id, candidates(was, now), tare=tare, engine=engine, scanner=scanner)
    return between(old, new, was, now, changed, ("old", "new"))


def tare(project: tuple[Path, list[str]], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tareweight.cli import main; main()", "diff", *words]
    return subprocess.run(command, cwd=project[0], capture_output=True, text=True, timeout=120, check=False)


def test_each_byte_of_the_change_has_its_package_or_directory(difference: Difference) -> None:
    delta = sum(map(len, NEW.values())) - sum(map(len, OLD.values()))
    assert difference.delta == sum(one.delta for one in difference.classes) == delta
    assert difference.rest == 0
    assert {one.name: (one.kind, one.old_versions, one.new_versions) for one in difference.packages} == {
        "bash": ("dropped", ("1",), ()),
        "tool": ("changed", ("1",), ("2",)),
    }
    assert difference.same_packages == 1
    assert {one.directory for one in difference.groups} == {"/app", "/var/lib/apt", "/var/lib/dpkg"}


def test_content_decides_where_sizes_are_equal(difference: Difference) -> None:
    found = {one.path: one for one in difference.files or ()}
    assert found["/app/server"].content
    assert found["/app/server"].delta == 0
    assert "/app/kept" not in found
    assert "/usr/bin/same" not in found


def test_all_is_accounted_for(difference: Difference) -> None:
    moved = 1000 + len(OLD["var/lib/dpkg/info/bash.list"]) + 700 + 300 + 4000 + len(OLD["var/lib/dpkg/status"])
    assert difference.account.moved == moved
    assert difference.account.unlisted == 0


def test_settings_and_surface(difference: Difference) -> None:
    assert {(one.field, one.name, one.new) for one in difference.settings} == {
        ("user", "", ("65532",)),
        ("environment", "GONE", ()),
        ("ports", "", ("8080/tcp",)),
    }
    assert [(one.kind, one.gone, one.new) for one in difference.surface] == [("shells", ("/usr/bin/bash",), ())]
    assert (difference.old.os, difference.new.os) == ("Old", "Old")


def test_the_task_by_variants_and_by_images(project: tuple[Path, list[str]], difference: Difference) -> None:
    schema = json.loads((Path(__file__).parents[1] / "docs" / "diff.schema.json").read_text())
    by_variant = tare(project, "--app", "hello", "--to", "small", "--format", "json")
    assert by_variant.returncode == 0, by_variant.stderr
    document = json.loads(by_variant.stdout)
    jsonschema.validate(document, schema)
    assert document["accounted"]["moved_bytes"] == difference.account.moved
    assert document["delta_bytes"] == difference.delta
    assert tare(project, "--from", project[1][0], "--to", project[1][1], "--format", "json").stdout == by_variant.stdout
    back = json.loads(tare(project, "--app", "hello", "--from", "small", "--to", "single", "--format", "json").stdout)
    assert back["delta_bytes"] == -difference.delta
    assert back["accounted"]["moved_bytes"] == difference.account.moved


def test_the_task_draws(project: tuple[Path, list[str]]) -> None:
    table = tare(project, "--app", "hello", "--to", "small")
    assert table.returncode == 0
    assert "accounted for: " in table.stdout
    assert max(map(len, table.stdout.splitlines())) <= 100
    assert tare(project, "--app", "hello", "--to", "small", "--format", "markdown").stdout.startswith("### ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "two images are wanted"),
        (["--app", "hello"], "--to"),
        (["--app", "hello", "--to", "smal"], "Did you mean 'small'"),
        (["--app", "nope", "--to", "small"], "nope"),
        (["--from", "none:such", "--to", "none:such"], "none:such"),
        (["--app", "hello", "--to", "small", "--format", "csv"], "unknown format 'csv'"),
    ],
)
def test_what_can_not_be_compared_is_one_line(project: tuple[Path, list[str]], words: list[str], said: str) -> None:
    done = tare(project, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_corrupt_table_of_files_is_made_anew(project: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    root, names = project
    monkeypatch.chdir(root)
    opened = open_project(wishes((), ()))
    before = weighing.difference_of((names[0], names[1]), opened, say=print)
    for table in (opened.settings.tare / "weights").glob("*.files.gz"):
        table.write_bytes(b"garbage")
    assert weighing.difference_of((names[0], names[1]), opened, say=print) == before
