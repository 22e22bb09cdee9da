"""Which engine the docker command talks to, and asking it over its socket without the SDK's slow import."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tareweight.engine.layout import MACHINE, read_json
from tareweight.process import CommandFailed, run

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
NOWHERE = "nowhere"
"""The host of a context that doesn't exist."""
JOIN_GROUP = "Add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run this as root"


@dataclass(frozen=True)
class Endpoint:
    """The engine that the docker command talks to, and what decided that: "default", "DOCKER_HOST" or "context NAME"."""

    host: str
    origin: str

    @property
    def socket(self) -> Path | None:
        """Its Unix socket, when it has one."""
        return Path(self.host.removeprefix("unix://")) if self.host.startswith("unix://") else None

    @property
    def builder(self) -> str:
        """The buildx builder that is the engine itself: it is called as the context is."""
        return self.origin.removeprefix("context ") if self.origin.startswith("context ") else "default"

    @property
    def ours(self) -> bool:
        """Whether it is this machine's own engine, which may be installed and started from here."""
        return self.socket is not None and os.path.realpath(self.socket) == os.path.realpath(MACHINE.socket)

    def __str__(self) -> str:
        return self.host if self.origin == "default" else f"{self.host} ({self.origin})"


def endpoint() -> Endpoint:
    """DOCKER_HOST, else DOCKER_CONTEXT, else the current context, else the default: as the docker command does."""
    if host := os.environ.get("DOCKER_HOST"):
        return Endpoint(host, "DOCKER_HOST")
    home = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or read_json(home / "config.json").get("currentContext")
    if isinstance(name, str) and name not in {"", "default"}:
        meta = read_json(home / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json")
        try:
            return Endpoint(str(meta["Endpoints"]["docker"]["Host"]), f"context {name}")
        except (KeyError, TypeError):
            return Endpoint(NOWHERE, f"context {name}")
    return Endpoint(MACHINE.host, "default")


class Refused(ValueError):
    """The engine answered a request with another status than 200, and perhaps said why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why or f"status {status}")
        self.status = status


def ask(path: Path, request: str, timeout: float = 5) -> Any:
    """The engine's JSON answer to a GET over its Unix socket. `Refused`, `OSError` (`PermissionError` too) or `ValueError` otherwise."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(timeout)
        line.connect(str(path))
        line.sendall(f"GET {request} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        parts = list(iter(lambda: line.recv(65536), b""))
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    status = _STATUS.match(head)
    if not status:
        raise ValueError("no answer")
    if status[1] != b"200":
        raise Refused(int(status[1]), body.decode(errors="replace"))
    return json.loads(body)


def version_at(where: Endpoint, timeout: float = 5) -> str | None:
    """The engine's version, None where none answers; `PermissionError` where the socket is somebody else's."""
    if where.socket is not None:
        try:
            return str(ask(where.socket, "/version", timeout)["Version"])
        except PermissionError:
            raise
        except (OSError, ValueError, KeyError, TypeError):
            return None
    try:
        return run(["docker", "version", "--format", "{{.Server.Version}}"], timeout=timeout).stdout.strip() or None
    except CommandFailed as error:
        if "permission denied" in error.stderr_end.lower() and not where.host.startswith("ssh"):
            raise PermissionError(error.stderr_end) from error
        return None


def answers(timeout: float = 5) -> bool:
    """Whether the engine that the docker command talks to answers us within `timeout` seconds."""
    try:
        return version_at(endpoint(), timeout) is not None
    except PermissionError:
        return False
