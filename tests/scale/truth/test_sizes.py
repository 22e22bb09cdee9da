"""Sizes, waste and downloads of every variant of every app, on both image stores, against what Docker's own commands say."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.bases.resolve import Base
from tareweight.engine.client import connect
from tareweight.scale import download, files, kept, weigh

from . import registry, tarballs
from .conftest import TARGETS, Export, Place, bytes_of, engine_at
from .tarballs import BLOCK, Entry, Saved

pytestmark = pytest.mark.engine

EVERY_CONTAINER = ("/.dockerenv", "/dev/console", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/mtab")
"""What an engine lays over every image's files, empty, so that an export doesn't have the image's own."""
LARGE = 300_000_000
"""Bytes from which on packing a second time takes longer than it tells."""
FEW = 3
"""Blocks that an ext4 folder may take beyond what its names need."""


@pytest.fixture(params=["classic", "containerd"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each of the two engines."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Place)
    return found


def test_size_is_the_sum_over_an_export(place: Place, target: str, exported: Export) -> None:
    weight, export = place.weight(target), exported(place, target)
    assert weight.scan.complete
    rows = files.read(kept.table(place.tare, weight.image_id))
    assert sum(row.bytes for row in rows.values()) == weight.size
    replaced = [rows[path] for path in EVERY_CONTAINER if path in rows]
    assert weight.size - sum(row.bytes for row in replaced) == export.size
    names = {path.lstrip("/") for path, row in rows.items() if row.kind != "l"}
    assert weight.scan.files == len(names)
    assert names ^ export.paths <= {path.lstrip("/") for path in EVERY_CONTAINER}


def test_size_is_the_same_on_both_stores(classic: Place, containerd: Place, target: str) -> None:
    one, other = classic.weight(target), containerd.weight(target)
    assert one.size == other.size
    assert one.scan.classes == other.scan.classes
    assert one.scan.packages == other.scan.packages
    assert [layer.diff_id for layer in one.layers] == [layer.diff_id for layer in other.layers]


def test_size_and_waste_are_docker_history(classic: Place, target: str) -> None:
    weight = classic.weight(target)
    told = classic.docker("history", "--human=false", "--format", "{{.Size}}", classic.names[target])
    assert weight.size + weight.waste == sum(map(int, told.split()))


def test_waste_is_what_the_layers_say(classic: Place, target: str, saved: dict[str, Saved]) -> None:
    weight, image = classic.weight(target), saved[target]
    assert image.diff_ids == tuple(layer.diff_id for layer in weight.layers)
    final = tarballs.final(image.layers).values()
    assert weight.size == tarballs.apparent(final)
    lost = sum(tarballs.apparent(layer) for layer in image.layers) - tarballs.apparent(final)
    # A layer that was unpacked from an archive (imported, pulled or loaded) counts the texts of its links, one that was built here doesn't.
    texts = [tarballs.stored(layer) - tarballs.apparent(layer) for layer in image.layers]
    counted = [layer.bytes - tarballs.apparent(content) for layer, content in zip(weight.layers, image.layers, strict=True)]
    assert all(extra in {0, text} for extra, text in zip(counted, texts, strict=True))
    assert weight.waste == lost + sum(counted)


def test_waste_in_blocks_is_what_the_layers_take(containerd: Place, target: str, saved: dict[str, Saved]) -> None:
    weight, image = containerd.weight(target), saved[target]
    kind = subprocess.run(["stat", "--file-system", "--format", "%T", containerd.tare], capture_output=True, text=True, check=True).stdout
    if "ext" not in kind:
        pytest.skip(f"blocks are counted as ext4 does, and this is {kind}")
    # Every layer has a root of its own.
    layers = sum(BLOCK + tarballs.blocks(layer) for layer in image.layers)
    final = tarballs.blocks(tarballs.final(image.layers).values())
    slack = sum(_more_blocks(layer) for layer in image.layers)
    assert layers <= weight.layered <= layers + slack
    assert final <= weight.scan.blocks <= final + slack
    assert abs(weight.waste - (layers - final)) <= slack


def _more_blocks(layer: tuple[Entry, ...]) -> int:
    """The most that folders whose names don't fit into one block take beyond it: how ext4 splits them can't be told from outside."""
    names: dict[str, int] = {}
    for one in layer:
        folder, _, name = one.path.rpartition("/")
        names[folder] = names.get(folder, 0) + 12 + len(name.encode())
    return sum(FEW * BLOCK * (size // BLOCK + 1) for size in names.values() if size > BLOCK // 2)


def test_two_weighings_are_identical(home: Place, scanner: Callable[[], Base], tmp_path: Path) -> None:
    told = weigh.weigh(home.names, tare=tmp_path, engine=connect(), scanner=scanner, files=True, no_cache=True)
    again = Place(home.host, home.names, told, tmp_path)
    first = bytes_of(home, TARGETS)
    assert len(first) == 2 * len({weight.image_id for weight in map(home.weight, TARGETS)})
    assert first == bytes_of(again, TARGETS)


@pytest.fixture(scope="module")
def downloads(classic: Place, containerd: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """By store and target what a pull transfers. With the classic store large images are asked of the registry, and the others are packed once more."""
    asked = download._in_registry
    found = {}
    for store, place in (("classic", classic), ("containerd", containerd)):
        weights = {target: place.weight(target) for target in TARGETS}
        with engine_at(place.host), pytest.MonkeyPatch.context() as patch:
            patch.setattr(download, "_in_registry", lambda image, platform: asked(image, platform) if image.size > LARGE else 0)
            told = download.learn([*weights.values()], engine=connect(), tare=tmp_path_factory.mktemp(store), say=lambda _: None, pack=True)
        found[store] = {target: told[weight.image_id] for target, weight in weights.items() if weight.image_id in told}
    return found


@pytest.mark.parametrize("store", ["classic", "containerd"])
def test_download_is_what_the_registry_has(downloads: dict[str, dict[str, int]], store: str, target: str, pushed: dict[str, str]) -> None:
    manifest = registry.manifest(pushed[target])
    assert downloads[store][target] == registry.transferred(manifest)
