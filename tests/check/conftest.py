"""Images that pull nothing: one static C program on an empty file system."""

from __future__ import annotations

import io
import secrets
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tareweight.catalog import App, Check, Needs, Target
from tareweight.check import reaper

Box = Callable[..., str]


def docker(*args: str, stdin: bytes | None = None) -> str:
    return subprocess.run(["docker", *args], input=stdin, capture_output=True, check=True).stdout.decode().strip()


def left() -> list[str]:
    """The containers that this process's checks left behind."""
    return docker("ps", "-aq", "--filter", f"label={reaper.LABEL}={reaper.run_id()}").split()


@pytest.fixture(scope="session")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Makes an image of the box: `box("serve", "8080", "9", changes=["EXPOSE 8080"])` -> image ID.

    `files` are more files by path, `links` symbolic ones.
    """
    folder = tmp_path_factory.mktemp("box")
    subprocess.run(["gcc", "-static", "-O1", "-o", folder / "box", Path(__file__).with_name("box.c")], check=True)
    made: list[str] = []
    mark = secrets.token_hex(4)

    def make(
        *command: str, changes: tuple[str, ...] = (), entrypoint: str = "/box", files: Mapping[str, str] = {}, links: Mapping[str, str] = {}
    ) -> str:
        tag = f"tareweight-test/check-{mark}:{len(made)}"
        cmd = ", ".join(f'"{word}"' for word in command)
        words = [f'ENTRYPOINT ["{entrypoint}"]', f"CMD [{cmd}]", *changes]
        image_id = docker("import", *[part for word in words for part in ("--change", word)], "-", tag, stdin=_pack(folder / "box", files, links))
        made.append(tag)
        return image_id

    yield make
    if made:
        docker("rmi", "-f", *made)


def _pack(program: Path, files: Mapping[str, str], links: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(program, "box")
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        for path, target in links.items():
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return packed.getvalue()


def target_of(*checks: Check, needs: Needs | None = None) -> Target:
    """A target with these checks; its files don't exist."""
    here = Path("/nowhere")
    app = App("box", here, here, "Box", "", "1", "single", checks, needs or Needs(), {})
    return Target(app, "single", here / "single.Dockerfile")
