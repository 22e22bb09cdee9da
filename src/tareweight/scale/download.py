"""What a pull of an image transfers: its manifest (and the index that this is in), its configuration and its packed layers.

The containerd store keeps layers packed, and its engine says what they take. The classic store keeps them unpacked: an image
that was pulled or pushed has a manifest in that registry, and any other is packed by the engine, each layer once, in a push to a
registry on 127.0.0.1 that keeps nothing (sink.py). What was learned is kept in `.tare/download.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tareweight import store
from tareweight.engine.client import Engine, Image, inspect
from tareweight.engine.endpoint import ask, endpoint
from tareweight.errors import one_line
from tareweight.process import CommandFailed, run
from tareweight.scale.weight import Weight

if TYPE_CHECKING:
    from tareweight.scale.sink import Sink

PUSH_SECONDS = 1800
REGISTRY_SECONDS = 20
_REPOSITORY = "tareweight-download"
_AT_ONCE = 4
"""Pushes at once. The engine packs layers on several processors, but most images have one that is much bigger than the others."""
_TELLS_MANIFESTS = 28
"""The first engine that says by platform what is packed; the `Size` of later ones has the unpacked layers in it too (moby #53426)."""
_INDEX = re.compile(r"application/vnd\.(?:oci\.image\.index|docker\.distribution\.manifest\.list)\..*")


@dataclass
class Packed:
    """What is kept: a pull's bytes by image ID, a packed layer's bytes by digest, and the port that the engine knows the sink by."""

    images: dict[str, int]
    blobs: dict[str, int]
    port: int = 0


def learn(weights: Sequence[Weight], *, engine: Engine, tare: Path, say: Callable[[str], None], pack: bool) -> dict[str, int]:
    """A pull's bytes by image ID, for those where the store or an earlier time tells; with `pack` for all that can be packed.

    `say` hears of those that can't, as where the engine runs on another machine and can't push to this one.
    """
    known = _remembered(tare)
    due = {weight.image_id: weight for weight in weights if weight.image_id not in known.images}
    told = _stored([weight for weight in due.values() if weight.store == "containerd"], engine)
    known.images |= told
    try:
        if pack and (rest := [weight for image_id, weight in due.items() if image_id not in told]):
            _pack(rest, known, say)
    finally:
        if due.keys() & known.images.keys():
            store.write(_file(tare), {"images": known.images, "blobs": known.blobs, "port": known.port})
    return {weight.image_id: known.images[weight.image_id] for weight in weights if weight.image_id in known.images}


def transferred(manifest: bytes, platform: str, fetch: Callable[[str], bytes]) -> int:
    """The bytes of `manifest`, its configuration and layers; of an index, its own and those of the manifest for `platform`.

    `fetch` gives a manifest by digest. `ValueError` where there is no image for the platform.
    """
    try:
        told = json.loads(manifest)
        if "manifests" not in told:
            return len(manifest) + sum(int(one["size"]) for one in (told["config"], *told["layers"]))
        digests = [str(one["digest"]) for one in told["manifests"] if _platform(one.get("platform")) == platform]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("no image manifest") from error
    if not digests:
        raise ValueError(f"no manifest for {platform}")
    return len(manifest) + transferred(fetch(digests[0]), platform, fetch)


def _stored(weights: Sequence[Weight], engine: Engine) -> dict[str, int]:
    """By image ID what the containerd store has packed, where it can be asked for that."""
    major = re.match(r"\d+", engine.version)
    if major and int(major[0]) >= _TELLS_MANIFESTS:
        return {weight.image_id: size for weight in weights if (size := _by_manifests(weight))}
    # Of one platform: with the index, without the attestations, as a pull has it.
    return {image.id: image.size for image in inspect([weight.image_id for weight in weights]).values()}


def _by_manifests(weight: Weight) -> int:
    """The packed bytes of an image as the engine tells them by platform; 0 where it isn't asked over a Unix socket, or doesn't say."""
    where = endpoint().socket
    if where is None:
        return 0
    try:
        return _packed_in(ask(where, f"/images/{weight.image_id}/json?manifests=1"), weight.platform)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0


def _packed_in(told: Mapping[str, Any], platform: str) -> int:
    for one in told["Manifests"]:
        if one["Kind"] == "image" and one["Available"] and _platform(one["ImageData"]["Platform"]) == platform:
            index = told["Descriptor"]["size"] if _INDEX.fullmatch(told["Descriptor"]["mediaType"]) else 0
            return int(one["Size"]["Content"]) + int(index)
    return 0


def _pack(weights: Sequence[Weight], known: Packed, say: Callable[[str], None]) -> None:
    """Learn what the registry knows or the engine packs, and add it to `known`."""
    images = inspect([weight.image_id for weight in weights])
    rest = []
    for weight in weights:
        image = images.get(weight.image_id)
        size = _in_registry(image, weight.platform) if image and weight.store == "classic" else 0
        if size:
            known.images[weight.image_id] = size
        elif image:
            rest.append(image)
    if not rest:
        return
    from tareweight.scale import naming, sink  # an HTTP server: 20 ms that only packing should cost

    # The biggest first: it should not be alone at the end.
    rest.sort(key=lambda image: -image.size)
    # An image without a name would go away with the one that it is pushed by.
    with naming.named(rest), sink.listening(known.port, known.blobs) as listening, ThreadPoolExecutor(_AT_ONCE) as pool:
        known.port = listening.server_address[1]
        try:
            faults = list(pool.map(partial(_push, listening=listening, known=known, say=say), rest))
        finally:
            known.blobs = listening.blobs
    for fault in dict.fromkeys(filter(None, faults)):
        those = ", ".join(naming.label(image) for image, its in zip(rest, faults, strict=True) if its == fault)
        say(f"the engine can't pack {those}: {fault}")


def _push(image: Image, *, listening: Sink, known: Packed, say: Callable[[str], None]) -> str:
    """Let the engine push `image` into the sink, and add what it came to to `known`; why that failed, if it did."""
    say(f"packing {one_line(image.tags[0] if image.tags else image.id, 200)} to learn its download")
    tag = f"t{secrets.token_hex(8)}"
    name = f"127.0.0.1:{listening.server_address[1]}/{_REPOSITORY}:{tag}"
    try:
        run(["docker", "image", "tag", image.id, name], timeout=60)
        run(["docker", "image", "push", "--quiet", name], timeout=PUSH_SECONDS)
    except CommandFailed as error:
        return one_line(error.stderr_end, 300)
    finally:
        run(["docker", "image", "rm", "--no-prune", name], timeout=60, check=False)
    try:
        known.images[image.id] = transferred(listening.manifests[tag], image.platform, listening.manifests.__getitem__)
    except (KeyError, ValueError):
        return "what it pushed is no image"
    return ""


def _in_registry(image: Image, platform: str) -> int:
    """What a pull transfers by the manifest in the registry that the image was pulled from or pushed to; 0 where none tells."""
    for repository, _, digest in (name.partition("@") for name in image.digests):
        fetch = partial(_manifest, repository)
        try:
            return transferred(fetch(digest), platform, fetch)
        except (CommandFailed, ValueError):
            continue
    return 0


def _manifest(repository: str, digest: str) -> bytes:
    """A manifest from a registry, true to its digest. `ValueError` where it isn't, `CommandFailed` where it can't be had."""
    told = run(["docker", "buildx", "imagetools", "inspect", "--raw", f"{repository}@{digest}"], timeout=REGISTRY_SECONDS).stdout.encode()
    if f"sha256:{hashlib.sha256(told).hexdigest()}" != digest:
        raise ValueError(f"{repository}@{digest} is another manifest")
    return told


def _platform(told: Any) -> str:
    return f"{told['os']}/{told['architecture']}" if told else ""


def _remembered(tare: Path) -> Packed:
    """What earlier times told; nothing where there were none, or the file is corrupt."""
    told: Any = store.read(_file(tare))
    try:
        return Packed(_counts(told["images"]), _counts(told["blobs"]), int(told["port"]) if 0 < int(told["port"]) < 65536 else 0)
    except (TypeError, KeyError, ValueError, AttributeError):
        return Packed({}, {})


def _file(tare: Path) -> Path:
    return tare / "download.json"


def _counts(told: Mapping[str, Any]) -> dict[str, int]:
    return {str(name): size for name, size in told.items() if type(size) is int and size >= 0}
