"""What a registry says of an image that was pushed to it, asked for without Tareweight."""

from __future__ import annotations

import json
import urllib.request

MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"


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
