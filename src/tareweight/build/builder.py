"""The buildx builder that a run names: what it is, what it has, and whether it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tareweight.engine.client import Engine
from tareweight.errors import BadInput, EngineError, nearest, one_line
from tareweight.process import CommandFailed, run

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
BOOT_SECONDS = 120.0
"""For a builder that is to be started first: a container, or a pod."""


@dataclass(frozen=True)
class Builder:
    """A buildx builder that answered. `platforms` are those that it runs programs of, its own first.

    `own` is the engine's own builder: its images are the engine's, and it sees those made here.
    """

    name: str
    driver: str
    platforms: tuple[str, ...]
    own: bool

    @property
    def engine_elsewhere(self) -> bool:
        """Whether it is another Docker Engine, reached by the context of the builder's name."""
        return self.driver == "docker" and not self.own

    @property
    def native(self) -> str:
        """The platform of BUILDPLATFORM."""
        return self.platforms[0] if self.platforms else ""


def find(name: str, engine: Engine) -> Builder:
    """The builder called `name` (empty: the engine's own), started where it isn't running. `BadInput` where there is none, `EngineError` where it is dead."""
    name = name or engine.builder
    if not _NAME.fullmatch(name):
        raise BadInput(f"--builder {one_line(name, 60)}: no builder is called that", hint="`docker buildx ls` names them")
    told = _inspect(name)
    if told.get("Status") == "inactive" and told.get("Driver") not in {"docker", "remote"}:  # buildx starts containers and pods
        told = _inspect(name, "--bootstrap")
    if told.get("Status") != "running":
        why = told.get("Error", "") or "it isn't running"
        raise EngineError(f"--builder {name}: it can't be reached: {one_line(why, 200)}", hint=f"`docker buildx inspect {name}` says more")
    platforms = tuple(dict.fromkeys(normal(one.strip(" *")) for one in told.get("Platforms", "").split(",") if one.strip()))
    driver = told.get("Driver", "")
    if driver == "docker" and name != engine.builder and _same_engine(name):
        name = engine.builder  # by another context
    return Builder(name, driver, platforms, driver == "docker" and name == engine.builder)


def _inspect(name: str, *flags: str) -> dict[str, str]:
    """What buildx tells of a builder and its first node, and the platforms of all nodes. 0.13 has no other form than this text."""
    try:
        done = run(["docker", "buildx", "inspect", *flags, name], timeout=BOOT_SECONDS, check=False)
    except CommandFailed as error:
        raise EngineError(f"--builder {name}: it can't be reached: {error.what}") from error
    if done.code:
        said = done.stderr.strip().splitlines() or ["buildx said nothing"]
        if re.search(r"no builder .* found", said[-1]):
            raise BadInput(f"--builder {name}: there is no such builder", hint=nearest(name, _names()))
        raise EngineError(
            f"--builder {name}: it can't be reached: {one_line(said[-1].removeprefix('ERROR: '), 200)}", hint=f"`docker buildx inspect {name}` says more"
        )
    told: dict[str, str] = {}
    platforms: list[str] = []
    for line in done.stdout.splitlines():
        key, colon, value = line.partition(":")
        if colon and key == "Platforms":
            platforms.append(value.strip())
        elif colon and key == "Status" and value.strip() == "running":
            told[key] = "running"  # one node of several is enough
        elif colon:
            told.setdefault(key, value.strip())
    return {**told, "Platforms": ",".join(platforms)}


def _names() -> list[str]:
    listed = run(["docker", "buildx", "ls"], timeout=60, check=False).stdout.splitlines()[1:]
    return [line.split()[0].rstrip("*") for line in listed if line.split() and not line.startswith(" ")]


def _same_engine(context: str) -> bool:
    """Whether a context leads to the very engine that the docker command talks to."""
    theirs, ours = (run(["docker", *words, "info", "--format", "{{.ID}}"], timeout=20, check=False).stdout.strip() for words in (("--context", context), ()))
    return bool(theirs) and theirs == ours


def normal(platform: str) -> str:
    """The platform as BuildKit writes it: linux/arm64/v8 is linux/arm64, and linux/arm is linux/arm/v7."""
    system, _, machine = platform.lower().partition("/")
    for other, one in {"x86_64": "amd64", "aarch64": "arm64", "arm64/v8": "arm64", "arm": "arm/v7"}.items():
        if machine == other:
            return f"{system}/{one}"
    return platform.lower()


def store_of(builder: Builder, own: Callable[[], tuple[str, str]]) -> str:
    """"classic" or "containerd", of the engine that a builder of the docker driver is."""
    if builder.own:
        return own()[1]
    told = run(["docker", "--context", builder.name, "info", "--format", "{{json .DriverStatus}}"], timeout=20).stdout
    return "containerd" if "io.containerd.snapshotter" in told else "classic"


def context_words(builder: Builder) -> list[str]:
    """The beginning of every command that concerns a builder: buildx wants the context of another engine named before it."""
    return ["docker", "--context", builder.name] if builder.engine_elsewhere else ["docker"]
