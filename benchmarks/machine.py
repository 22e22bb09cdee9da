"""What a figure depends on: the machine and the versions. Never the host's name."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path


def describe() -> list[tuple[str, str]]:
    """Facts and their values, for the document."""
    return [
        ("processor", f"{os.cpu_count()} cores, {platform.machine()}"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"),
        ("system", f"{_os()}, {platform.system()} {platform.release().partition('-')[0]}"),
        ("engine", f"Docker Engine {_said('docker', 'version', '--format', '{{.Server.Version}}')}, {_said('docker', 'info', '--format', '{{.Driver}}')}"),
        ("buildx", next((word for word in _said("docker", "buildx", "version").split()[1:]), "")),
        ("Python", platform.python_version()),
        ("Invoke", version("invoke")),
    ]


def _os() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _said(*argv: str) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path("/")).stdout.strip() or "?"
    except OSError:
        return "?"
