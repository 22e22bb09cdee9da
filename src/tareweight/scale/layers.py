"""What an image's configuration and history say of it: layers with their instructions, settings, secrets, and hints for the scan."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from tareweight.engine.client import Image, history
from tareweight.errors import one_line
from tareweight.process import CommandFailed
from tareweight.scale.masking import mask, mask_value
from tareweight.scale.weight import Config, Finding, Layer

MOST_TEXT = 2000
"""Characters of an instruction that are kept."""
UNKNOWN = "?"
IMPORTED = "docker import"
"""The instruction of a layer whose entry says nothing: that is how an import is told."""
_EMPTY = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
"""The layer without any entry, as the classic builder leaves it out of the list."""
_METADATA = {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"}
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ .*? )??/bin/sh -c (#\(nop\) +)?", re.DOTALL)
_ARGUMENTS = re.compile(r"^(?:RUN )?\|(\d+) (.*)$", re.DOTALL)
_SHARED = {
    "/", "/bin", "/etc", "/home", "/lib", "/opt", "/root", "/sbin", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin",
    "/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/usr/sbin", "/usr/share", "/var", "/var/lib",
}  # fmt: skip
"""Directories that an app shares with everything else: what is copied into one doesn't make it the app's."""


class Entry(NamedTuple):
    """One entry of a history. `text` is in one line as it stood in a Dockerfile, secrets masked; `secrets` are their kinds."""

    bytes: int
    text: str
    secrets: tuple[str, ...]

    @property
    def name(self) -> str:
        """RUN, COPY and so on; empty for an import."""
        return self.text.partition(" ")[0]


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
    entries = [entry(size, text) for size, text in told]
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


def entry(size: int, raw: str) -> Entry:
    """An entry of the history as it stood in a Dockerfile: one line, without what builders put around it."""
    text = raw.removesuffix("# buildkit").strip()
    listed = re.match(r"(?:/bin/sh -c #\(nop\) +)?(?:ENV|ARG) ", text) is not None
    _, kinds = mask(text, listed=listed)
    if arguments := _ARGUMENTS.match(text):
        # Build arguments stand before the command with their values, as `|1 TOKEN=...`: another way for a secret to stay.
        kinds = tuple(dict.fromkeys((*kinds, *mask(arguments[2], listed=True).kinds)))
    plain = one_line(mask(_instruction(text), listed=listed).text)
    return Entry(size, plain if len(plain) <= MOST_TEXT else plain[:MOST_TEXT] + "...", kinds)


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
        words = [word for word in one.text.split()[1:] if not word.startswith("--")]
        if one.name == "WORKDIR" and words:
            workdir = posixpath.join(workdir, words[0])
        elif one.name in {"COPY", "ADD"} and len(words) > 1:
            sources = [word for word in words[:-1] if word != "in" and not re.match(r"(?:file|dir|multi):", word)]
            target = posixpath.normpath(posixpath.join(workdir, words[-1]))
            inside = [posixpath.join(target, name) for source in sources if (name := posixpath.basename(source.rstrip("/"))) not in {"", ".", ".."}]
            copies |= dict.fromkeys([*([] if target in _SHARED else [target]), *inside])
    words = [*_words(told, "Entrypoint"), *_words(told, "Cmd")]
    return {"workdir": str(told.get("WorkingDir") or ""), "entrypoint": words, "copies": list(copies)}


def from_base(layers: Sequence[Layer], base_diff_ids: Sequence[str]) -> int:
    """How many of `layers` are the base's: all of its, or none where the image doesn't stand on it."""
    mine = [layer.diff_id for layer in layers[: len(base_diff_ids)]]
    return len(base_diff_ids) if mine == list(base_diff_ids) else 0


def _history(image_id: str) -> list[tuple[int, str]]:
    """Empty where the engine can't tell it: an image may have none, or one that doesn't fit its layers."""
    try:
        return history(image_id)
    except (CommandFailed, ValueError):
        return []


def _instruction(text: str) -> str:
    if shell := _SHELL.match(text):
        rest = text[shell.end() :]
        return rest if shell[1] else f"RUN {rest}"
    if arguments := _ARGUMENTS.match(text):
        words = arguments[2].split(None, int(arguments[1]))
        return f"RUN {' '.join(words[int(arguments[1]) :])}"
    return text


def _may_be_layer(one: Entry) -> bool:
    return one.name not in _METADATA and one.text != "WORKDIR /"


def _environment(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (str(word).partition("=") for word in told.get("Env") or ())]


def _words(told: Mapping[str, Any], key: str) -> list[str]:
    return [str(word) for word in told.get(key) or ()]


def _in_history(entries: Sequence[Entry], layers: Sequence[Layer], environment: Mapping[str, str]) -> list[Finding]:
    """Secrets in the history by layer. What the environment still holds is named there."""
    numbers = {layer.instruction: number for number, layer in enumerate(layers, 1)}
    found = []
    for one in entries:
        if one.name == "ENV" and any(mask_value(name, value).kinds and f"{name}=" in one.text for name, value in environment.items()):
            continue
        place = f"layer {numbers[one.text]}" if one.text in numbers and one.name not in _METADATA else "history"
        found += [Finding(kind, f"{place}: {one.text[:100]}") for kind in one.secrets]
    return list(dict.fromkeys(found))
