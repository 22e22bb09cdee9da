"""Bases that only this engine has, brought to a builder that can't see them; and images brought back from another engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tareweight import store
from tareweight.bases.apt import alone
from tareweight.bases.resolve import Base
from tareweight.build.builder import Builder, context_words
from tareweight.build.setup import Setup
from tareweight.engine.client import Image, inspect
from tareweight.errors import TareError, one_line
from tareweight.process import run


def lend(bases: Sequence[Base], setup: Setup, *, tare: Path, say: Callable[[str], None]) -> None:
    """Put into `setup.contexts` where its builder finds each base. Nothing for the engine's own, which sees what is here.

    Another engine is given the image. Any other builder is given an OCI layout that the client holds (under .tare/bases/oci), and
    fetches from it the layers that it doesn't have; so no registry is needed. `TareError` where that fails.
    """
    if setup.builder.own:
        return
    names = {base.reference: base.recipe.tag if base.recipe else base.reference for base in bases}
    images = inspect(list(dict.fromkeys(names.values())))
    for base in bases:
        name = names[base.reference]
        image = images.get(name)
        if image is None:
            continue  # pinned in a registry: the builder asks there itself
        if base.source == "upstream" and image.digests:
            setup.contexts[base.reference] = f"docker-image://{image.digests[0]}"
        elif setup.builder.engine_elsewhere:
            _give(image, name, setup.builder, say)
            setup.contexts[base.reference] = f"docker-image://{name}"
        else:
            setup.contexts[base.reference] = f"oci-layout://{_layout(image, name, tare, say)}"


def _give(image: Image, name: str, builder: Builder, say: Callable[[str], None]) -> None:
    """The image on the builder's engine, under the same name. Layers and settings are compared, for an image's ID depends on the kind of store."""
    what = "[{{json .RootFS.Layers}},{{json .Config}}]"
    there = run([*context_words(builder), "image", "inspect", "--format", what, name], timeout=60, check=False)
    if there.code == 0:
        layers, config = json.loads(there.stdout)
        if tuple(layers or ()) == image.diff_ids and _set(config or {}) == _set(image.config):
            return
    say(f"lending base {name} to {builder.name}")
    carry([name], ["docker"], context_words(builder))


def _set(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that say anything; engines differ in which of the others they tell."""
    return {key: value for key, value in config.items() if value}


def _layout(image: Image, name: str, tare: Path, say: Callable[[str], None]) -> str:
    """The image as an OCI layout: folder@digest. One is kept for each name, and made anew when the image is another."""
    folder = (tare / "bases" / "oci" / name.replace("/", "_").replace(":", "_")).absolute()
    if set(str(folder)) & {"@", ":"}:
        raise TareError(f"base {name} can't be lent from {folder}: BuildKit reads @ and : in a path as a digest and a tag", hint="Move the project")
    known = folder.with_name(f"{folder.name}.json")
    with alone(folder.with_name("lock")):
        told = store.read(known)
        if not (isinstance(told, dict) and told.get("image") == image.id and isinstance(told.get("digest"), str) and (folder / "index.json").is_file()):
            say(f"unpacking base {name} for builders that can't see it")
            known.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            told = {"image": image.id, "digest": _unpack(name, folder)}
            store.write(known, told)
    return f"{folder}@{told['digest']}"


def _unpack(name: str, folder: Path) -> str:
    """Save the image into `folder`, and answer with the digest that its index names."""
    folder.mkdir(parents=True)
    saving = subprocess.Popen(["docker", "image", "save", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _pipe(saving, ["tar", "-x", "-C", str(folder)], f"base {name} could not be unpacked")
    index = store.read(folder / "index.json")
    try:
        return str(index["manifests"][0]["digest"])
    except (KeyError, IndexError, TypeError):
        raise TareError(f"base {name} can't be lent: this engine saves no OCI layout", hint="Docker Engine 25 or later does") from None


def carry(names: Sequence[str], source: Sequence[str], target: Sequence[str]) -> None:
    """Images from one engine to another, `source` and `target` being the docker commands that reach them. `TareError` in one line."""
    saving = subprocess.Popen([*source, "image", "save", *names], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _pipe(saving, [*target, "image", "load", "--quiet"], f"{names[0]} could not be carried to another engine")


def _pipe(writing: subprocess.Popen[bytes], words: Sequence[str], failed: str) -> None:
    with writing:
        reading = subprocess.run(list(words), stdin=writing.stdout, capture_output=True, check=False)
        assert writing.stdout is not None
        assert writing.stderr is not None
        writing.stdout.close()
        said = writing.stderr.read()
    if writing.returncode or reading.returncode:
        lines = (reading.stderr if reading.returncode else said).decode(errors="replace").strip().splitlines()
        raise TareError(f"{failed}: {one_line(lines[-1], 200) if lines else 'docker said nothing'}")
