"""A registry of the tests' own on 127.0.0.1: Debian's docker-registry."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The registry's address until the end of the block; what is pushed lies in `folder`."""
    program = shutil.which("docker-registry") or ""
    if not program:
        pytest.fail("docker-registry is missing (Debian's package of that name)") if os.environ.get("CI") else pytest.skip("no docker-registry")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {"version": "0.1", "storage": {"filesystem": {"rootdirectory": str(folder / "data")}}, "http": {"addr": address}}
    (folder / "registry.yml").write_text(json.dumps(config))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "registry.yml")], stdout=log, stderr=log)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://{address}/v2/", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def manifest(name: str) -> bytes:
    """The manifest that the registry has of `address/repository:tag`."""
    address, _, rest = name.partition("/")
    repository, _, tag = rest.rpartition(":")
    request = urllib.request.Request(f"http://{address}/v2/{repository}/manifests/{tag}", headers={"Accept": MANIFESTS})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def transferred(told: bytes) -> int:
    """What a pull by this manifest of one image transfers."""
    manifest = json.loads(told)
    return len(told) + int(manifest["config"]["size"]) + sum(int(layer["size"]) for layer in manifest["layers"])
