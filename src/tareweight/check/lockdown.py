"""A container that runs a stranger's image: the SDK's client, the locks, and the way out (design decision 7)."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tareweight.catalog import Needs
from tareweight.check import reaper
from tareweight.check.words import LINE
from tareweight.engine.api import sdk
from tareweight.errors import EngineError, one_line

KEPT = 1_000_000
"""Bytes of an image's output, or of a response's body, that are looked at."""
PIDS = 128
_SCRATCH = 64_000_000
_REMOVAL = 10
_ANSWER = 60
"""Seconds that the engine has for one answer."""


_RUNTIME = re.compile(r"^failed to create task .* failed: (?:unable to start container process: )?(?:error during container init: )?")


class CantRun(Exception):
    """The engine refuses to make or start the container; the message is one line."""


class Gone(CantRun):
    """The image isn't there any more."""

    def __init__(self) -> None:
        super().__init__("image is gone")


@dataclass(frozen=True)
class Image:
    """What of an image's configuration the checks need. `user` is as configured, a stranger's text; `run_as` takes its place where it is set."""

    id: str
    user: str
    exposed: tuple[int, ...]
    run_as: str | None = None


@contextlib.contextmanager
def connected() -> Iterator[Any]:
    """A low-level client of the engine, for one thread; losing the engine is an `EngineError`."""
    import docker.errors
    import requests.exceptions

    try:
        client = sdk(_ANSWER).api
    except docker.errors.DockerException as error:
        raise EngineError(f"no Docker Engine answers: {one_line(str(error), LINE)}", hint="`invoke engine.status` says why") from error
    try:
        yield client
    except Exception as error:
        # Whatever breaks when `cancel` pulls a container away is only that.
        reaper.refuse_if_cancelled()
        if isinstance(error, (docker.errors.DockerException, requests.exceptions.RequestException, OSError)):
            raise EngineError(f"the Docker Engine failed: {one_line(str(error), LINE)}") from error
        raise
    finally:
        client.close()


def inspect(client: Any, image_id: str) -> Image:
    """The image's user and exposed TCP ports; `Gone`."""
    import docker.errors

    try:
        config = client.inspect_image(image_id).get("Config") or {}
    except docker.errors.NotFound as error:
        raise Gone from error
    exposed = (port.partition("/") for port in config.get("ExposedPorts") or {})
    ports = sorted(int(number) for number, _, protocol in exposed if protocol in {"", "tcp"} and number.isdigit())
    return Image(image_id, str(config.get("User") or ""), tuple(ports))


def port_of(image: Image, needs: Needs) -> int:
    """The port that an HTTP app listens on: the declared one, else the only one that the image exposes. `CantRun` where that isn't one."""
    if needs.port or len(image.exposed) == 1:
        return needs.port or image.exposed[0]
    ports = ", ".join(map(str, image.exposed))
    why = f"the image exposes {ports}: say which with `port`" if ports else "the image exposes no port: add `port = 8080`, or whichever it is,"
    raise CantRun(f"{why} under [run] in app.toml")


@contextlib.contextmanager
def container(
    client: Any,
    image: Image,
    needs: Needs,
    *,
    args: tuple[str, ...] = (),
    stdin: bool = False,
    tty: bool = False,
    port: int | None = None,
    published: int | None = None,
    beside: str = "",
) -> Iterator[str]:
    """A locked-down container, made but not started; removed with its volumes on the way out, however that comes.

    With `port` it is on the default bridge with that port on 127.0.0.1 (as `published`, or one that is free), since an internal
    network can't publish ports: such a container could reach out. Without, it has no network at all, or shares the network and the
    processes of the container `beside`.
    """
    import docker.errors

    networked = port is not None
    shared = f"container:{beside}" if beside else None
    locks = client.create_host_config(
        network_mode="bridge" if networked else shared or "none",
        pid_mode=shared,
        port_bindings={port: ("127.0.0.1", published)} if networked else None,
        read_only=True,
        cap_drop=["ALL"],
        cap_add=list(needs.capabilities) or None,
        security_opt=["no-new-privileges:true"],
        pids_limit=PIDS,
        mem_limit=needs.memory,
        memswap_limit=needs.memory,
        # The engine adds noexec by itself.
        tmpfs={path: f"rw,nosuid,nodev,mode=1777,size={min(_SCRATCH, needs.memory)}" for path in needs.writable} or None,
        # Command checks read the attached streams; an endless writer must not fill the engine's disk.
        log_config={"Type": "local", "Config": {"max-size": "1m", "max-file": "1", "compress": "false"}} if networked else {"Type": "none"},
    )
    name = reaper.guarded()
    try:
        try:
            client.create_container(
                image.id,
                command=list(args) or None,
                name=name,
                user=image.run_as,
                stdin_open=stdin,
                tty=tty,
                environment=[f"{key}={value}" for key, value in needs.env],
                labels={reaper.LABEL: reaper.run_id()},
                ports=[port] if networked else None,
                host_config=locks,
                healthcheck={"test": ["NONE"]},
                use_config_proxy=False,
            )
        except docker.errors.ImageNotFound as error:
            raise Gone from error
        except docker.errors.APIError as error:
            raise CantRun(f"can't run: {_engine_says(error)}") from error
        # `cancel` removes what it sees; what is made after its look is not let out.
        reaper.refuse_if_cancelled()
        yield name
    finally:
        remove(client, name)


def start(client: Any, name: str) -> None:
    """Start the container; `CantRun` with the engine's message."""
    import docker.errors

    try:
        client.start(name)
    except docker.errors.APIError as error:
        raise CantRun(f"can't start: {_engine_says(error)}") from error


def remove(client: Any, name: str) -> None:
    """Remove the container by force, or see that it is gone. One that can't be removed in time is left to the watchdog."""
    import docker.errors

    end = time.monotonic() + _REMOVAL
    while True:
        try:
            client.remove_container(name, v=True, force=True)
        except docker.errors.NotFound:
            break
        except docker.errors.APIError:
            # It is just starting, or being removed by another: the next answer tells.
            if time.monotonic() >= end:
                return
            time.sleep(0.05)
        else:
            break
    reaper.settled(name)


def _engine_says(error: Any) -> str:
    """The engine's own words; of what the runtime told it the end, where the fault stands."""
    return one_line(_RUNTIME.sub("", str(error.explanation or error)).removesuffix(": unknown"), LINE)
