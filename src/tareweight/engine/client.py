"""Reaching the engine and asking it for images, through the `docker` command.

The command rather than the SDK on this path: importing the SDK costs as much as all of `invoke --list`, one
`docker image inspect` of every target costs 10-20 ms, and contexts, TLS and ssh come with it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tareweight.errors import EngineError
from tareweight.process import CommandFailed, run

MINIMUM_ENGINE = (23, 0)
MINIMUM_BUILDX = (0, 13)
UP = "Run `invoke engine.up`"


@dataclass(frozen=True)
class Engine:
    """An engine that answered. `store` is "classic" or "containerd"; `platform` is as in linux/amd64."""

    version: str
    api: str
    platform: str
    driver: str
    store: str
    builder: str

    def __str__(self) -> str:
        return f"Docker Engine {self.version}, {self.store} store ({self.driver}), {self.platform}"


@dataclass(frozen=True)
class Image:
    """An image as the engine's inspect tells it. `layers` counts file system layers."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    labels: dict[str, str]
    user: str
    layers: int
    platform: str
    exposed: tuple[str, ...]


def connect() -> Engine:
    """The engine that the docker command talks to. `EngineError` where there is none, it is too old, or may not be used."""
    if not shutil.which("docker"):
        raise EngineError("no `docker` command", hint=UP)
    try:
        done = run(["docker", "info", "--format", "{{json .}}"], timeout=20, check=False)
    except CommandFailed as error:
        raise EngineError("the Docker Engine doesn't answer", hint=UP) from error
    try:
        info = json.loads(done.stdout)
    except ValueError:
        info = {}
    if not info.get("ServerVersion"):
        told = " ".join([done.stderr, *info.get("ServerErrors", [])]).strip()
        if "permission denied" in told:
            raise EngineError("no permission on the Docker socket", hint="Join the group docker (`usermod -aG docker $USER`), log in anew, or be root")
        raise EngineError("the Docker Engine doesn't answer", hint=UP)
    version = str(info["ServerVersion"])
    if _number(version) < MINIMUM_ENGINE:
        raise EngineError(f"Docker Engine {version} is too old (23.0 or later is needed)", hint=UP)
    driver = info.get("Driver", "")
    status = dict(pair for pair in info.get("DriverStatus") or [] if len(pair) == 2)
    containerd = "containerd" in str(status.get("driver-type", "")) or driver in {"overlayfs"}
    plugins = {plugin.get("Name"): plugin.get("Version", "") for plugin in (info.get("ClientInfo") or {}).get("Plugins") or []}
    if "buildx" not in plugins:
        raise EngineError("docker has no buildx", hint=f"Install docker-buildx 0.13 or later, or run `{UP.split('`')[1]}`")
    if _number(plugins["buildx"]) < MINIMUM_BUILDX:
        raise EngineError(f"docker buildx {plugins['buildx']} is too old (0.13 or later is needed)", hint=UP)
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(info.get("Architecture", ""), info.get("Architecture", ""))
    return Engine(
        version=version,
        api=str((info.get("ClientInfo") or {}).get("ApiVersion", "")),
        platform=f"{info.get('OSType', 'linux')}/{arch}",
        driver=driver,
        store="containerd" if containerd else "classic",
        builder=str((info.get("ClientInfo") or {}).get("Context", "default")) or "default",
    )


def inspect(names: Sequence[str]) -> dict[str, Image]:
    """The images that exist among `names` (references or IDs), each under the name that it was asked by."""
    if not names:
        return {}
    done = run(["docker", "image", "inspect", *names], timeout=60, check=False)
    try:
        found = json.loads(done.stdout or "[]")
    except ValueError:
        found = []
    if not found and "No such image" not in done.stderr:
        raise EngineError(f"the engine can't list images: {_last(done.stderr)}", hint=UP)
    missing = set(re.findall(r"No such image: (\S+)", done.stderr))
    # The answers come in the order of the names, without those that are missing (told with their tag).
    asked = [name for name in names if name not in missing and f"{name}:latest" not in missing]
    return {name: _image(data) for name, data in zip(asked, found, strict=True)}


def history_sizes(image_id: str) -> list[int]:
    """Unpacked bytes of each layer, newest first (apparent bytes on the classic store, disk blocks on containerd's)."""
    done = run(["docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}}", image_id], timeout=60)
    return [int(line) for line in done.stdout.split()]


def _image(data: dict[str, Any]) -> Image:
    config = data.get("Config") or {}
    return Image(
        id=data["Id"],
        tags=tuple(data.get("RepoTags") or ()),
        digests=tuple(data.get("RepoDigests") or ()),
        labels=dict(config.get("Labels") or {}),
        user=config.get("User") or "",
        layers=len((data.get("RootFS") or {}).get("Layers") or ()),
        platform=f"{data.get('Os', '')}/{data.get('Architecture', '')}",
        exposed=tuple(config.get("ExposedPorts") or ()),
    )


def _number(text: str) -> tuple[int, int]:
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
