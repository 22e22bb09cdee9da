"""What an image's configuration and history say of it: layers with their instructions, settings, secrets, and hints for the scan."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tareweight.engine.client import Image, history
from tareweight.errors import EngineError, one_line
from tareweight.scale import instructions
from tareweight.scale.instructions import METADATA, Entry
from tareweight.scale.masking import mask, mask_value
from tareweight.scale.weight import Config, Finding, Layer

UNKNOWN = "?"
IMPORTED = "docker import"
"""The instruction of a layer whose entry says nothing: that is how an import is told."""
_CLASSIC_SOURCE = re.compile(r"in$|(?:file|dir|multi):|<<")
"""What has no name: here-documents, and files that the classic builder tells by hash (`COPY file:1f2e in /app`)."""
_SHARED = {
    "/", "/bin", "/etc", "/home", "/lib", "/opt", "/root", "/sbin", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin",
    "/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/usr/sbin", "/usr/share", "/var", "/var/lib",
}  # fmt: skip
"""Directories that an app shares with everything else: what is copied into one doesn't make it the app's."""


@dataclass(frozen=True)
class Told:
    """What configuration and history say. `hints` are `workdir`, `entrypoint` (words) and `copies` (absolute paths), for the scan."""

    config: Config
    layers: tuple[Layer, ...]
    secrets: tuple[Finding, ...]
    hints: dict[str, Any]


def read(images: Iterable[Image]) -> dict[str, Told]:
    """By image ID what is told of each. The engine is asked for each history, several at once."""
    listed = {image.id: image for image in images}
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(listed, pool.map(lambda image: describe(image, _history(image.id)), listed.values()), strict=True))


def describe(image: Image, told: Sequence[tuple[int, str]]) -> Told:
    """What `image` and its history, oldest entry first, say."""
    entries = [instructions.entry(size, text) for size, text in told]
    environment = dict(_environment(image.config))
    layers = align(image.diff_ids, entries, image.size)
    found = [Finding(kind, f"environment {one_line(name, 100)}") for name, value in environment.items() for kind in mask_value(name, value).kinds]
    words = [*_words(image.config, "Entrypoint"), *_words(image.config, "Cmd")]
    found += [Finding(kind, "command") for kind in dict.fromkeys(kind for word in words for kind in mask(word).kinds)]
    return Told(config(image.config), layers, (*found, *_in_history(entries, layers, environment)), hints(image.config, entries))


def config(told: Mapping[str, Any]) -> Config:
    """An image's configuration, the values of secrets masked."""
    return Config(
        user=str(told.get("User") or ""),
        entrypoint=tuple(mask(word).text for word in _words(told, "Entrypoint")),
        command=tuple(mask(word).text for word in _words(told, "Cmd")),
        environment=tuple((name, mask_value(name, value).text) for name, value in _environment(told)),
        ports=tuple(sorted(told.get("ExposedPorts") or ())),
        volumes=tuple(sorted(told.get("Volumes") or ())),
        workdir=str(told.get("WorkingDir") or ""),
    )


def align(diff_ids: Sequence[str], entries: Sequence[Entry], size: int) -> tuple[Layer, ...]:
    """Layers with the entries that made them. Which entry made a layer isn't told: one with bytes did, one without bytes may have.

    Where it can't be decided the bytes are all with the oldest layer and the instructions unknown; where there is no
    history, `size` is the sum.
    """
    sure = [one for one in entries if one.bytes]
    maybe = [one for one in entries if not one.bytes and _may_be_layer(one)]
    changed = [one for one in maybe if one.name != "WORKDIR"]
    for chosen in (maybe, changed, []):
        if len(sure) + len(chosen) == len(diff_ids):
            kept = [one for one in entries if one.bytes or any(one is other for other in chosen)]
            return tuple(Layer(diff_id, one.bytes, one.text or IMPORTED) for diff_id, one in zip(diff_ids, kept, strict=True))
    total = sum(one.bytes for one in entries) or size
    return tuple(Layer(diff_id, 0 if number else total, UNKNOWN) for number, diff_id in enumerate(diff_ids))


def hints(told: Mapping[str, Any], entries: Sequence[Entry]) -> dict[str, Any]:
    """What the scan is told of where the app lies. A destination that is shared with others stands for what was copied into it alone."""
    copies: dict[str, None] = {}
    workdir = "/"
    for one in entries:
        words = instructions.words(one.text)
        if one.name == "WORKDIR" and words:
            workdir = posixpath.join(workdir, words[0])
        elif one.name in {"COPY", "ADD"} and len(words) > 1:
            sources = [word for word in words[:-1] if not _CLASSIC_SOURCE.match(word)]
            target = posixpath.normpath(posixpath.join(workdir, words[-1]))
            inside = [posixpath.join(target, name) for source in sources if (name := posixpath.basename(source.rstrip("/"))) not in {"", ".", ".."}]
            copies |= dict.fromkeys([*([] if target in _SHARED else [target]), *inside])
    command = [*_words(told, "Entrypoint"), *_words(told, "Cmd")]
    return {"workdir": str(told.get("WorkingDir") or ""), "entrypoint": command, "copies": list(copies)}


def _history(image_id: str) -> list[tuple[int, str]]:
    """Empty where the engine can't tell it: an image may have none, or one that doesn't fit its layers."""
    try:
        return history(image_id)
    except (EngineError, ValueError):
        return []


def _may_be_layer(one: Entry) -> bool:
    return one.name not in METADATA and one.text != "WORKDIR /"


def _environment(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (str(word).partition("=") for word in told.get("Env") or ())]


def _words(told: Mapping[str, Any], key: str) -> list[str]:
    return [str(word) for word in told.get(key) or ()]


def _in_history(entries: Sequence[Entry], layers: Sequence[Layer], environment: Mapping[str, str]) -> list[Finding]:
    """Secrets in build arguments, in commands by their layer, and in variables that the environment no longer has."""
    still = [f"{name}=" for name, value in environment.items() if mask_value(name, value).kinds]
    numbers = {layer.instruction: number for number, layer in enumerate(layers, 1)}
    found = []
    for one in entries:
        found += [Finding(kind, f"build argument {name}".rstrip()) for kind, name in one.arguments]
        if one.name != "ENV" or not any(name in one.text for name in still):
            place = f"layer {numbers[one.text]}" if one.text in numbers else "history"
            found += [Finding(kind, f"{place}: {one.text[:100]}") for kind in one.secrets]
    return list(dict.fromkeys(found))
