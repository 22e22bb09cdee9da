"""Reaching the engine and asking it for images, through the `docker` command.

The command rather than the SDK on this path: importing the SDK costs as much as all of `invoke --list`, one
`docker image inspect` of every target costs 10-20 ms, and contexts, TLS and ssh come with it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tareweight.errors import EngineError
from tareweight.process import CommandFailed, run

MINIMUM_ENGINE = (23, 0)
MINIMUM_BUILDX = (0, 13)
UP = "Run `invoke engine.up`"
_NAME = re.compile(r"(?!.*\.\.)\w[\w./:@-]*", re.ASCII)
"""Wider than what the engine takes, but nothing that its command would read as an option or its API as another path."""
_MISSING = re.compile(r"No such image|invalid reference format|not a valid repository/tag")


@dataclass(frozen=True)
class Engine:
    """An engine that answered; `platform` is as in linux/amd64, `builder` the buildx builder that is the engine itself."""

    version: str
    platform: str
    builder: str

    @property
    def store(self) -> str:
        """"classic" or "containerd"; see `image_store`."""
        return image_store()[1]

    def __str__(self) -> str:
        return f"Docker Engine {self.version}, {self.store} store ({image_store()[0]}), {self.platform}"


@dataclass(frozen=True)
class Image:
    """An image as the engine's inspect tells it. `layers` counts file system layers; `diff_ids` are they, oldest first; `config` is as it is told."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    labels: dict[str, str]
    user: str
    layers: int
    platform: str
    exposed: tuple[str, ...]
    diff_ids: tuple[str, ...] = ()
    size: int = 0
    """Bytes of all layers on the classic store; on containerd's, packed ones of one platform or of all (by its version)."""
    config: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    """As the engine writes it: 2026-01-31T12:00:00.123456789Z."""


def connect() -> Engine:
    """The engine that the docker command talks to. `EngineError` where there is none, it is too old, or may not be used."""
    if not shutil.which("docker"):
        raise EngineError("no `docker` command", hint=UP)
    try:
        done = run(["docker", "version", "--format", "{{json .}}"], timeout=20, check=False)
        told = json.loads(done.stdout)
    except (CommandFailed, ValueError) as error:
        raise EngineError("the Docker Engine doesn't answer", hint=UP) from error
    server = told.get("Server")
    if not server:
        if "permission denied" in done.stderr:
            raise EngineError("no permission on the Docker socket", hint="Join the group docker (`usermod -aG docker $USER`), log in anew, or be root")
        raise EngineError("the Docker Engine doesn't answer", hint=UP)
    version = str(server.get("Version", ""))
    if _number(version) < MINIMUM_ENGINE:
        raise EngineError(f"Docker Engine {version} is too old (23.0 or later is needed)", hint=UP)
    platform = f"{server.get('Os', 'linux')}/{server.get('Arch', '')}"
    return Engine(version, platform, (told.get("Client") or {}).get("Context") or "default")


def image_store() -> tuple[str, str]:
    """The engine's storage driver, and "classic" or "containerd". Asked when it is first wanted: it costs as much as all else on the fast path."""
    return _image_store(os.environ.get("DOCKER_HOST", ""), os.environ.get("DOCKER_CONTEXT", ""))


@cache
def _image_store(_host: str, _context: str) -> tuple[str, str]:
    """One answer for each engine that the docker command may be talking to."""
    told = run(["docker", "info", "--format", "{{.Driver}} {{json .DriverStatus}}"], timeout=20).stdout
    driver, _, status = told.strip().partition(" ")
    return driver, "containerd" if "io.containerd.snapshotter" in status else "classic"


def require_buildx() -> None:
    """`EngineError` where there is no buildx that can build here. Asked only when something is to be built."""
    done = run(["docker", "buildx", "version"], timeout=20, check=False)
    if done.code:
        raise EngineError("docker has no buildx", hint=f"Install docker-buildx 0.13 or later, or {UP[0].lower()}{UP[1:]}")
    if _number(done.stdout) < MINIMUM_BUILDX:
        raise EngineError(f"docker buildx {done.stdout.strip()} is too old (0.13 or later is needed)", hint=UP)


def inspect(names: Sequence[str]) -> dict[str, Image]:
    """The images that exist among `names` (references or IDs), each under the name that it was asked by. What can't be a name doesn't exist."""
    names = [name for name in names if _NAME.fullmatch(name)]
    if not names:
        return {}
    done = run(["docker", "image", "inspect", *names], timeout=60, check=False)
    try:
        found = json.loads(done.stdout or "[]")
    except ValueError:
        found = []
    if not found and not _MISSING.search(done.stderr):
        raise EngineError(f"the engine can't list images: {_last(done.stderr)}", hint=UP)
    missing = set(re.findall(r"No such image: (\S+)", done.stderr))
    # The answers come in the order of the names, without those that are missing (told with their tag).
    asked = [name for name in names if name not in missing and f"{name}:latest" not in missing]
    if len(asked) != len(found):  # told in other words than it was asked: docker.io/library/x is missing as x:latest
        return {name: image for name in names for image in inspect([name]).values()} if len(names) > 1 else {}
    return {name: _image(data) for name, data in zip(asked, found, strict=True)}


def history(image_id: str) -> list[tuple[int, str]]:
    """Unpacked bytes and instruction of each entry of the history, oldest first: as `history_sizes` counts, entries without a layer too."""
    done = run(["docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{json .CreatedBy}}", image_id], timeout=60)
    told = [line.split(" ", 1) for line in reversed(done.stdout.splitlines())]
    return [(int(size), str(json.loads(text))) for size, text in told]


def history_sizes(image_id: str) -> list[int]:
    """Unpacked bytes of each layer, newest first (apparent bytes on the classic store, disk blocks on containerd's)."""
    done = run(["docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}}", image_id], timeout=60)
    return [int(line) for line in done.stdout.split()]


def _image(data: dict[str, Any]) -> Image:
    config = data.get("Config") or {}
    diff_ids = tuple((data.get("RootFS") or {}).get("Layers") or ())
    return Image(
        id=data["Id"],
        tags=tuple(data.get("RepoTags") or ()),
        digests=tuple(data.get("RepoDigests") or ()),
        labels=dict(config.get("Labels") or {}),
        user=config.get("User") or "",
        layers=len(diff_ids),
        platform=f"{data.get('Os', '')}/{data.get('Architecture', '')}",
        exposed=tuple(config.get("ExposedPorts") or ()),
        diff_ids=diff_ids,
        size=data.get("Size") or 0,
        created=str(data.get("Created") or ""),
        config=config,
    )


def _number(text: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
