"""What is right and wrong with the engine and what surrounds it, each with what to do: `engine.status`.

Everything is asked within seconds, nothing is changed, and nothing is raised: a fault is a finding.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tareweight.engine.api import sdk
from tareweight.engine.daemon import recorded
from tareweight.engine.endpoint import JOIN_GROUP, Endpoint, endpoint, version_at
from tareweight.engine.install import BUILDX_NEEDED, ENGINE_NEEDED, buildx_path, buildx_version, find, missing_programs, version_in

UP = "Run `invoke engine.up`"
LITTLE = 5_000_000_000
"""Bytes (5 GB) under which a build of all variants may fill the disk."""
REGISTRY_LIMIT = 5
"""Seconds that a registry has to tell about one image."""
PROBED = "alpine:latest"
"""Any image of the default registry: only whether it answers matters."""

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
)

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: "bad" stops builds, "warn" may. `do` is what to do about it, empty when all is well."""

    topic: str
    state: State
    what: str
    do: str = ""


def examine(project_tare: Path, bases: str) -> list[Finding]:
    """Engine, store, buildx, disk, CA bundle and the source of bases, in that order.

    `project_tare` is the project's `.tare`; `bases` is the setting: auto, upstream or debian.
    """
    where = endpoint()
    engine = _engine(where, project_tare)
    info = _info() if engine.state == "ok" else {}
    return [engine, _store(info), _buildx(), _disk(info, where), _ca_bundle(), _bases(bases, engine.state == "ok")]


def _engine(where: Endpoint, tare: Path) -> Finding:
    try:
        version = version_at(where)
    except PermissionError:
        return Finding("engine", "bad", f"no permission on the socket {where}", JOIN_GROUP)
    if version is None:
        if not where.ours:
            return Finding("engine", "bad", f"{where} doesn't answer", "Start it there, or unset DOCKER_HOST and run `docker context use default`")
        lacks = missing_programs()
        return Finding("engine", "bad", f"{where} doesn't answer; missing: {', '.join(lacks)}" if lacks else f"installed, but {where} doesn't answer", UP)
    if (version_in(version) or (0, 0)) < ENGINE_NEEDED:
        return Finding("engine", "bad", f"{version} at {where} is too old: {ENGINE_NEEDED[0]} or later is needed", UP)
    pid = recorded(tare) if where.ours else None
    return Finding("engine", "ok", f"{version} at {where}" + (f", started from here (process {pid})" if pid else ""))


def _info() -> dict[str, Any]:
    try:
        client = sdk(REGISTRY_LIMIT)
        try:
            info = client.info()
        finally:
            client.close()
    # The SDK lets requests', urllib3's and its own exceptions through, and a doctor has to go on.
    except Exception as error:
        return {"fault": _line(error)}
    return info if isinstance(info, dict) else {}


def _store(info: dict[str, Any]) -> Finding:
    if not info:
        return Finding("store", "warn", "unknown while no engine answers", UP)
    if "fault" in info:
        return Finding("store", "warn", f"unknown: {info['fault']}")
    driver = str(info.get("Driver", ""))
    status = [pair for pair in info.get("DriverStatus") or [] if len(pair) == 2]
    kind = "containerd" if any("io.containerd.snapshotter" in str(pair[1]) for pair in status) else "classic"
    if driver in {"vfs", "devicemapper", "aufs"}:
        return Finding("store", "warn", f"{kind}, {driver}: slow, and it takes much space", "Put the engine's data on a file system that overlay2 works on")
    return Finding("store", "ok", f"{kind}, {driver}")


def _buildx() -> Finding:
    version = buildx_version()
    if version is None:
        return Finding("buildx", "bad", "absent" if find("docker") else "absent, and no docker command either", UP)
    path = buildx_path()
    what = f"{version[1]} ({path})" if path else version[1]
    if version[0] < BUILDX_NEEDED:
        return Finding("buildx", "bad", f"{what} is too old: 0.13 or later is needed", UP)
    return Finding("buildx", "ok", what)


def _disk(info: dict[str, Any], where: Endpoint) -> Finding:
    root = str(info.get("DockerRootDir") or "")
    if not root:
        return Finding("disk", "warn", "unknown while no engine answers", UP)
    if where.socket is None or not Path(root).exists():
        return Finding("disk", "ok", f"{root} is on the engine's own machine, and can't be seen from here")
    try:
        free = shutil.disk_usage(root).free
    except OSError as error:
        return Finding("disk", "warn", f"{root}: {error.strerror}")
    what = f"{human(free)} free under {root}"
    if free < LITTLE:
        return Finding("disk", "warn", what, "Free some: `docker system df` shows what takes it, `docker builder prune` empties the build cache")
    return Finding("disk", "ok", what)


def ca_bundle() -> Path | None:
    """The host's bundle of CA certificates, which builds get as a secret: SSL_CERT_FILE, else where systems keep it."""
    named = os.environ.get("SSL_CERT_FILE")
    return next((path for path in map(Path, ([named] if named else []) + list(_BUNDLES)) if path.is_file()), None)


def _ca_bundle() -> Finding:
    named = os.environ.get("SSL_CERT_FILE")
    path = ca_bundle()
    if path is None:
        return Finding(
            "CA bundle",
            "warn",
            "none found; downloads in builds trust only what the base image brings",
            "Install ca-certificates, or set SSL_CERT_FILE",
        )
    if named and Path(named) != path:
        return Finding("CA bundle", "warn", f"{path}, because SSL_CERT_FILE names {named}, which isn't there", "Mend or unset SSL_CERT_FILE")
    return Finding("CA bundle", "ok", str(path))


def _bases(setting: str, engine: bool) -> Finding:
    maker = next((name for name in ("mmdebstrap", "apt-get") if find(name)), None)
    makes = f"Debian packages can be had with {maker}" if maker else "neither mmdebstrap nor apt-get is here to make Debian ones"
    if setting == "debian":
        if maker:
            return Finding("bases", "ok", f"debian: made here; {makes}")
        return Finding("bases", "bad", f"debian: {makes}", "Install mmdebstrap, or use `--bases upstream`")
    if not engine:
        return Finding("bases", "warn", f"{setting}: unknown while no engine answers; {makes}", UP)
    fault = _registry_fault()
    if fault is None:
        return Finding("bases", "ok", f"{setting}: the registry answers")
    what = f"{setting}: the registry doesn't answer ({fault})"
    if setting == "upstream":
        return Finding("bases", "bad", what, "See to the network or a registry mirror, or use `--bases debian`")
    if maker:
        return Finding("bases", "ok", f"{what}; {makes}")
    return Finding("bases", "bad", f"{what}, and {makes}", "Install mmdebstrap, or see to the network")


def _registry_fault() -> str | None:
    """Why the engine can't learn of an image from its registry, or None when it can."""
    try:
        client = sdk(REGISTRY_LIMIT)
        try:
            client.api.inspect_distribution(PROBED)
        finally:
            client.close()
    # As above; and here any failure is the answer.
    except Exception as error:
        return _line(error)
    return None


def _line(error: Exception) -> str:
    """The error's own explanation without the URL that the SDK puts before it, 160 characters at most."""
    if "Timeout" in type(error).__name__ or "timed out" in str(error):
        return f"no answer within {REGISTRY_LIMIT} s"
    text = " ".join(str(getattr(error, "explanation", None) or error).split())
    return text if len(text) <= 160 else text[:157] + "..."


def human(size: int) -> str:
    """Bytes as MB (10^6) or GB (10^9), as Docker prints them."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
