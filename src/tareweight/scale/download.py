"""What a pull of an image transfers: manifest, configuration and packed layers.

The containerd store keeps layers packed and says what they take. The classic store keeps them unpacked: there the engine packs
each layer once, by a push to a registry on 127.0.0.1 that keeps nothing (sink.py), and what it came to is remembered under
`.tare/download.json` by image ID, and by layer for the next push.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tareweight import store
from tareweight.errors import TareError
from tareweight.process import CommandFailed, run

if TYPE_CHECKING:
    from tareweight.scale.sink import Sink

PUSH_SECONDS = 1800
_REPOSITORY = "tareweight-download"


@dataclass
class Packed:
    """What is remembered: a pull's bytes by image ID, a packed layer's bytes by digest, and the port that the engine knows the sink by."""

    images: dict[str, int]
    blobs: dict[str, int]
    port: int = 0


def remembered(tare: Path) -> Packed:
    """What earlier pushes told; nothing where there were none, or the file is corrupt."""
    told: Any = store.read(_file(tare))
    try:
        return Packed(_counts(told["images"]), _counts(told["blobs"]), int(told["port"]) if 0 < int(told["port"]) < 65536 else 0)
    except (TypeError, KeyError, ValueError):
        return Packed({}, {})


def from_store(image_ids: Sequence[str]) -> dict[str, int]:
    """The packed bytes by image ID as the containerd store's inspect gives them (docs/numbers.md says where that is packed bytes)."""
    if not image_ids:
        return {}
    done = run(["docker", "image", "inspect", "--format", "{{.Id}} {{.Size}}", *image_ids], timeout=60, check=False)
    return {name: int(size) for name, size in (line.split() for line in done.stdout.splitlines())}


def pack(image_ids: Sequence[str], *, tare: Path, say: Callable[[str], None]) -> dict[str, int]:
    """Let the engine pack what isn't known of these images, and return a pull's bytes by image ID.

    `TareError` where the engine can't push to this machine (it runs on another one).
    """
    known = remembered(tare)
    due = [image_id for image_id in dict.fromkeys(image_ids) if image_id not in known.images]
    if due:
        from tareweight.scale import sink  # an HTTP server: 20 ms that only packing should cost

        with sink.listening(known.port, known.blobs) as listening:
            known.port = listening.server_address[1]
            try:
                for image_id in due:
                    say(f"packing {image_id.removeprefix('sha256:')[:12]} to learn its download")
                    known.images[image_id] = _push(image_id, listening)
            finally:
                known.blobs = listening.blobs
                store.write(_file(tare), {"images": known.images, "blobs": known.blobs, "port": known.port})
    return {image_id: known.images[image_id] for image_id in image_ids}


def _push(image_id: str, listening: Sink) -> int:
    tag = f"t{secrets.token_hex(8)}"
    name = f"127.0.0.1:{listening.server_address[1]}/{_REPOSITORY}:{tag}"
    try:
        run(["docker", "image", "tag", image_id, name], timeout=60)
        run(["docker", "image", "push", "--quiet", name], timeout=PUSH_SECONDS)
    except CommandFailed as error:
        raise TareError(f"{image_id}: the engine can't pack it: {error.stderr_end}", hint="--download needs an engine on this machine") from error
    finally:
        run(["docker", "image", "rm", "--no-prune", name], timeout=60, check=False)
    manifest = listening.manifests.get(tag, b"")
    try:
        return len(manifest) + listening.listed(manifest)
    except ValueError as error:
        raise TareError(f"{image_id}: the engine pushed no image manifest") from error


def _file(tare: Path) -> Path:
    return tare / "download.json"


def _counts(told: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): size for name, size in told.items() if type(size) is int and size >= 0}
