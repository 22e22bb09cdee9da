"""Reaching the engine, and asking it for images."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tareweight.engine import api
from tareweight.engine.endpoint import JOIN_GROUP, Refused, endpoint
from tareweight.errors import EngineError, one_line
from tareweight.process import run

MINIMUM_ENGINE = (23, 0)
MINIMUM_BUILDX = (0, 13)
UP = "Run `invoke engine.up`"
_NAME = re.compile(r"(?!.*\.\.)\w[\w./:@-]*", re.ASCII)
"""Wider than what the engine takes, but nothing that its command would read as an option or its API as another path."""


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
        told = api.get("/version")
        version, platform = str(told["Version"]), f"{told['Os']}/{told['Arch']}"
    except PermissionError as error:
        raise EngineError("no permission on the Docker socket", hint=JOIN_GROUP) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError("the Docker Engine doesn't answer", hint=UP) from error
    if _number(version) < MINIMUM_ENGINE:
        raise EngineError(f"Docker Engine {version} is too old (23.0 or later is needed)", hint=UP)
    return Engine(version, platform, endpoint().builder)


def image_store() -> tuple[str, str]:
    """The engine's storage driver, and "classic" or "containerd". Asked when it is first wanted: it costs as much as all else on the fast path."""
    return _image_store(os.environ.get("DOCKER_HOST", ""), os.environ.get("DOCKER_CONTEXT", ""))


@cache
def _image_store(_host: str, _context: str) -> tuple[str, str]:
    """One answer for each engine that the docker command may be talking to."""
    told = _asked("/info")
    return str(told["Driver"]), "containerd" if "io.containerd.snapshotter" in str(told["DriverStatus"]) else "classic"


def require_buildx() -> None:
    """`EngineError` where there is no buildx that can build here. Asked only when something is to be built."""
    done = run(["docker", "buildx", "version"], timeout=20, check=False)
    if done.code:
        raise EngineError("docker has no buildx", hint=f"Install docker-buildx 0.13 or later, or {UP[0].lower()}{UP[1:]}")
    if _number(done.stdout) < MINIMUM_BUILDX:
        raise EngineError(f"docker buildx {done.stdout.strip()} is too old (0.13 or later is needed)", hint=UP)


def inspect(names: Sequence[str]) -> dict[str, Image]:
    """The images that exist among `names` (references or IDs), each under the name that it was asked by. What can't be a name doesn't exist."""
    wanted = [name for name in dict.fromkeys(names) if _NAME.fullmatch(name)]
    found = {}
    for name, answer in zip(wanted, _answers([f"/images/{name}/json" for name in wanted]), strict=True):
        if not isinstance(answer, Refused):
            try:
                found[name] = _image(answer)
            except (KeyError, TypeError, AttributeError) as error:
                raise _fault(ValueError(f"what it says of {name} is no image")) from error
        elif answer.status not in {400, 404}:  # no name at all, and no image of that name
            raise _fault(answer)
    return found


def history(image_id: str) -> list[tuple[int, str]]:
    """Unpacked bytes and instruction of each entry of the history, oldest first; entries without a layer have none.

    The classic store counts apparent bytes, containerd's disk blocks. `EngineError` where the engine doesn't tell it.
    """
    return [(int(one["Size"]), str(one["CreatedBy"])) for one in reversed(_asked(f"/images/{image_id}/history"))]


def labelled(label: str) -> list[tuple[str, tuple[str, ...], str]]:
    """ID, names and the label's value of every image that has it; one that a newer build took the name from has none."""
    from urllib.parse import quote

    told = _asked(f"/images/json?filters={quote(json.dumps({'label': [label]}))}")
    return [(str(one["Id"]), tuple(name for name in one["RepoTags"] or () if name != "<none>:<none>"), str(one["Labels"][label])) for one in told]


def _asked(request: str) -> Any:
    (answer,) = _answers([request])
    if isinstance(answer, Refused):
        raise _fault(answer)
    return answer


def _answers(requests: Sequence[str]) -> list[Any]:
    try:
        return api.each(requests) if requests else []
    except (OSError, ValueError) as error:
        raise _fault(error) from error


def _fault(error: Exception) -> EngineError:
    return EngineError(f"the engine doesn't tell of its images: {one_line(str(error), 200)}", hint=UP)


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
