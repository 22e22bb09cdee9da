"""Weights for tests of what is done with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tareweight.advice import Case
from tareweight.dockerfile import instructions
from tareweight.scale.files import FileRow
from tareweight.scale.instructions import dockerfile_lines
from tareweight.scale.weight import CLASSES, Config, Finding, Layer, Package, Scan, Surface, Weight

MB = 1_000_000


def weight(
    size: int = 0,
    *,
    name: str = "",
    packages: Sequence[Package] = (),
    surface: Surface | None = None,
    layers: Sequence[int] | None = None,
    store: str = "classic",
    user: str = "65532",
    **scanned: object,
) -> Weight:
    """A weight of `size` bytes, all of the app's own unless `classes` says otherwise; layers share an ID where `name` and number do."""
    told: dict[str, object] = {
        "size": size,
        "files": 1,
        "links": 0,
        "blocks": size,
        "classes": {**dict.fromkeys(CLASSES, 0), "app": size},
        "packages": tuple(packages),
        "directories": (),
        "biggest": (),
        "surface": surface or Surface(),
        "secrets": (),
        "leftovers": (),
        "unstripped": (),
        "os": "",
        "notes": (),
        "complete": True,
        **scanned,
    }
    sizes = [size] if layers is None else layers
    return Weight(
        image_id="sha256:" + hashlib.sha256(f"{name} {size} {sizes}".encode()).hexdigest(),
        platform="linux/amd64",
        store=store,
        scan=Scan(**told),  # type: ignore[arg-type]
        layers=tuple(Layer(f"sha256:{name}{index}", bytes_, f"COPY {index}") for index, bytes_ in enumerate(sizes)),
        config=Config(user=user),
    )


def file(path: str, size: int, owner: str = "", place: str = "app", *, kind: str = "f", mode: str = "644", uid: int = 0, mtime: int = 9) -> FileRow:
    """A row of a table of files; of a link `size` is how long its target is."""
    return FileRow(path, kind, 0 if kind == "l" else size, mode, uid, owner, place, mtime, "x" * size if kind == "l" else "")


def rows(*listed: FileRow) -> dict[str, FileRow]:
    """By path."""
    return {row.path: row for row in listed}


BASE = rows(file("/usr/bin/bash", 1 * MB, "deb:bash", "os", mtime=1), file("/usr/lib/libc.so.6", 2 * MB, "deb:libc6", "os", mtime=1))


def case(
    dockerfile: str,
    layers: Sequence[tuple[int, str]],
    own: Sequence[FileRow] = (),
    *,
    base: Mapping[str, FileRow] | None = BASE,
    config: Config | None = None,
    store: str = "classic",
    secrets: Sequence[Finding] = (),
    sent: Mapping[str, int] | None = None,
    standing: int | None = 1,
    base_name: str = "debian:trixie-slim",
    **scanned: Any,
) -> Case:
    """A case of an image with one layer of its base (of 3 MB) below `layers`; only what is `scanned` is found beside the files."""
    files = {**(base or BASE), **rows(*own)}
    classes = dict.fromkeys(CLASSES, 0)
    for row in files.values():
        if row.place:
            classes[row.place] += row.bytes
    made = weight(sum(classes.values()), classes=classes, **{"os": "Debian GNU/Linux 13 (trixie)", **scanned}, store=store)
    told = tuple(Layer(f"sha256:{number}", size, text) for number, (size, text) in enumerate([(3 * MB, "docker import"), *layers]))
    made = replace(made, layers=told, config=config or Config(user="65532"), secrets=tuple(secrets))
    return Case(
        made, tuple(dockerfile_lines(told, dockerfile)), base_layers=standing, files=files, base_files=base,
        instructions=instructions(dockerfile), base=base_name, sent=sent or {},
    )  # fmt: skip
