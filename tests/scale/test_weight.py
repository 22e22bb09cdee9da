"""A weight is kept as JSON, and read back only where it makes sense; what is stored once counts once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
from tests.making import weight

from tareweight.scale.weight import (
    CLASSES,
    TRAITS,
    VERSION,
    Config,
    Corrupt,
    Finding,
    Layer,
    Package,
    Place,
    Scan,
    Surface,
    Weight,
    dump,
    load,
    load_scan,
    stored,
    unique,
)

FULL = Weight(
    image_id="sha256:" + "a" * 64,
    platform="linux/arm64/v8",
    store="containerd",
    scan=Scan(
        size=2**40 + 28,
        files=12,
        links=7,
        blocks=2**40 + 4096,
        classes={"os": 2**40, "runtime": 2, "packages": 3, "app": 4, "docs": 5, "leftover": 6, "unowned": 8},
        packages=(Package("deb", "libc6", "2.41-12", 100, 3, source="glibc"), Package("npm", "@a/b", "1.0", 4, 2, path="/app/node_modules/@a/b")),
        directories=(Place("/usr", 90, 8), Place("/", 100, 12)),
        biggest=(Place("/usr/lib/libc.so.6", 80, owner="deb:libc6"),),
        surface=Surface(("/bin/sh",), ("/usr/bin/apt",), ("/usr/bin/cc",), ("/usr/bin/perl",), ("/usr/bin/curl",), ("/usr/bin/su",), ("/tmp/x",), 211),
        secrets=(Finding("private key", "/key.pem", 1_700),),
        leftovers=(Finding("apt lists", "/var/lib/apt/lists", 20_000_000),),
        unstripped=(Finding("symbols", "/app", 3_000),),
        os="debian 13",
        notes=("/x: can't be read: Permission denied", "é\n\x1b"),
        complete=False,
    ),
    layers=(Layer("sha256:1", 100, "ADD rootfs.tar /"), Layer("sha256:2", 0, "RUN true")),
    config=Config("65532:65532", ("/app",), ("--port", "80"), (("PATH", "/bin"), ("EMPTY", "")), ("80/tcp",), ("/data",), "/srv"),
    secrets=(Finding("token", "environment TOKEN"),),
)


def through_json(value: object) -> Any:
    return json.loads(json.dumps(value))


def test_what_is_dumped_is_loaded() -> None:
    for one in (FULL, weight(0), weight(5, layers=[3, 4], packages=[Package("pypi", "x", "", 0, 0)])):
        assert load(through_json(dump(one))) == one


def test_nothing_in_the_example_is_at_its_default() -> None:
    """Else a field that `load` forgets would pass the round trip."""
    for one, plain in ((FULL.config, Config()), (FULL.scan.surface, Surface())):
        assert [field.name for field in fields(one) if getattr(one, field.name) == getattr(plain, field.name)] == []
    assert FULL.scan.packages[0].source
    assert FULL.scan.packages[1].path


def test_a_dump_is_json_and_says_its_version() -> None:
    assert through_json(dump(FULL))["version"] == VERSION
    assert json.dumps(dump(FULL), sort_keys=True) == json.dumps(dump(load(through_json(dump(FULL)))), sort_keys=True)


def put(*path: str | int, value: object) -> Callable[[Any], None]:
    """Something that sets `value` at `path`."""

    def change(told: Any) -> None:
        for step in path[:-1]:
            told = told[step]
        told[path[-1]] = value

    return change


NONSENSE: dict[str, Callable[[Any], None]] = {
    "another version": put("version", value=VERSION + 1),
    "version as text": put("version", value=str(VERSION)),
    "ID not a text": put("image_id", value=7),
    "platform missing": lambda told: told.pop("platform"),
    "store is null": put("store", value=None),
    "scan missing": lambda told: told.pop("scan"),
    "scan is a list": put("scan", value=[]),
    "layers a text": put("layers", value=""),
    "layers an object": put("layers", value={}),
    "layer of text": put("layers", value=["sha256:1"]),
    "layer's bytes negative": put("layers", 0, 1, value=-1),
    "layer's bytes broken": put("layers", 0, 1, value=1.5),
    "layer's bytes true": put("layers", 0, 1, value=True),
    "layer's ID a number": put("layers", 0, 0, value=1),
    "config null": put("config", value=None),
    "entrypoint a text": put("config", "entrypoint", value="/app"),
    "command with a number": put("config", "command", value=[1]),
    "environment of texts": put("config", "environment", value=["PATH=/bin"]),
    "environment of triples": put("config", "environment", value=[["a", "b", "c"]]),
    "environment of numbers": put("config", "environment", value=[["a", 1]]),
    "environment an object": put("config", "environment", value={}),
    "secrets null": put("secrets", value=None),
    "secret without a path": put("secrets", value=[{"kind": "token"}]),
    "secrets an object": put("secrets", value={}),
    "size a text": put("scan", "size", value="12"),
    "size isn't the sum of the classes": put("scan", "size", value=FULL.size + 1),
    "a class isn't there": lambda told: told["scan"]["classes"].pop("docs"),
    "a class is negative": put("scan", "classes", "docs", value=-1),
    "classes a list": put("scan", "classes", value=[]),
    "files null": put("scan", "files", value=None),
    "links infinite": put("scan", "links", value=float("inf")),
    "blocks negative": put("scan", "blocks", value=-4096),
    "packages a text": put("scan", "packages", value=""),
    "packages null": put("scan", "packages", value=None),
    "package without a source": lambda told: told["scan"]["packages"][0].pop(),
    "package's source a list": put("scan", "packages", 0, 6, value=[]),
    "package's files a text": put("scan", "packages", 0, 4, value="3"),
    "package of negative bytes": put("scan", "packages", 0, 3, value=-1),
    "package's bytes true": put("scan", "packages", 0, 3, value=True),
    "a package an object": put("scan", "packages", 0, value={"name": "x"}),
    "directories an object": put("scan", "directories", value={}),
    "directory's path null": put("scan", "directories", 0, 0, value=None),
    "biggest's owner null": put("scan", "biggest", 0, 3, value=None),
    "surface a list": put("scan", "surface", value=[]),
    "shells a text": put("scan", "surface", "shells", value="/bin/sh"),
    "executables negative": put("scan", "surface", "executables", value=-1),
    "os null": put("scan", "os", value=None),
    "notes a text": put("scan", "notes", value="none"),
    "complete a number": put("scan", "complete", value=1),
}


@pytest.mark.parametrize("change", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_corrupt(change: Callable[[Any], object]) -> None:
    told = through_json(dump(FULL))
    change(told)
    with pytest.raises(Corrupt):
        load(told)


@pytest.mark.parametrize("told", [None, [], {}, "weight", 7, True, [dump(FULL)]])
def test_no_weight_at_all_is_corrupt(told: object) -> None:
    with pytest.raises(Corrupt):
        load(told)
    with pytest.raises(Corrupt):
        load_scan(told)


def test_every_field_is_needed() -> None:
    """Whatever is taken out at the top, of the scan or of the configuration, the rest isn't taken for a weight."""
    whole = through_json(dump(FULL))
    for path in ((), ("scan",), ("config",), ("scan", "surface")):
        names = whole
        for step in path:
            names = names[step]
        for name in names:
            told = copy.deepcopy(whole)
            inner = told
            for step in path:
                inner = inner[step]
            del inner[name]
            with pytest.raises(Corrupt):
                load(told)


def test_unknown_classes_of_the_scan_are_left_out() -> None:
    told = through_json(dump(FULL))["scan"]
    told["classes"]["more"] = 0
    assert tuple(load_scan(told).classes) == tuple(CLASSES)


def layered(name: str, *layers: tuple[str, int], store: str = "classic", size: int = 0, blocks: int = 0) -> Weight:
    return replace(
        weight(size, name=name, blocks=blocks, store=store),
        image_id=f"sha256:{name}",
        layers=tuple(Layer(diff_id, bytes_, "RUN") for diff_id, bytes_ in layers),
    )


def test_unique_are_the_layers_of_no_other_image() -> None:
    base = ("base", 100)
    one, two, alone = layered("one", base, ("a", 10)), layered("two", base, ("b", 7), ("c", 2)), layered("alone", ("d", 5))
    assert unique([one, two, alone]) == {"sha256:one": 10, "sha256:two": 9, "sha256:alone": 5}
    assert unique([one]) == {"sha256:one": 110}
    assert unique([]) == {}


def test_an_image_under_two_names_is_one_image() -> None:
    one = layered("one", ("base", 100), ("a", 10))
    assert unique([one, one, layered("two", ("base", 100))]) == {"sha256:one": 10, "sha256:two": 0}
    assert stored([one, one]) == 110


def test_two_images_of_the_same_layers_have_nothing_of_their_own() -> None:
    assert unique([layered("one", ("a", 10)), layered("two", ("a", 10))]) == {"sha256:one": 0, "sha256:two": 0}


def test_a_layer_twice_in_one_image_counts_as_history_does() -> None:
    twice = layered("one", ("a", 10), ("a", 10))
    assert twice.layered == 20
    assert stored([twice]) == 10


def test_stored_counts_every_layer_once() -> None:
    images = [layered("one", ("base", 100), ("a", 10)), layered("two", ("base", 100), ("b", 7))]
    assert stored(images) == 117
    assert stored([]) == 0


def test_waste_on_the_classic_store_is_layers_minus_size() -> None:
    assert layered("x", ("a", 70), ("b", 50), size=100, blocks=4096).waste == 20


def test_waste_on_the_containerd_store_is_in_blocks() -> None:
    assert layered("x", ("a", 8192), ("b", 4096), store="containerd", size=100, blocks=8192).waste == 4096


@pytest.mark.parametrize("store", ["classic", "containerd"])
def test_waste_is_never_negative(store: str) -> None:
    assert layered("x", ("a", 10), store=store, size=20, blocks=4096).waste == 0


def test_traits_in_their_order() -> None:
    assert replace(FULL, config=Config(user="")).traits == TRAITS
    assert weight(1, user="65532").traits == ()
    for name, trait in (("shells", "shell"), ("compilers", "compiler"), ("setuid", "setuid"), ("network_clients", "network-client")):
        assert weight(1, surface=Surface(**{name: ("/x",)})).traits == (trait,)  # type: ignore[arg-type]


@pytest.mark.parametrize(("user", "root"), [("", True), ("0", True), ("0:0", True), ("root:1", True), ("1000", False), ("nobody:0", False)])
def test_root(user: str, root: bool) -> None:
    assert Config(user=user).runs_as_root is root
    assert ("root" in weight(1, user=user).traits) is root


def test_secrets_of_the_configuration_count_too() -> None:
    token = Finding("token", "environment TOKEN")
    assert replace(weight(1), secrets=(token,)).traits == ("secret",)
    assert FULL.all_secrets == (*FULL.scan.secrets, token)


def test_a_package_is_the_same_in_another_version() -> None:
    assert Package("npm", "a", "1", 1, 1).key == Package("npm", "a", "2", 9, 9, path="/x").key
    assert Package("npm", "a", "1", 1, 1).key != Package("pypi", "a", "1", 1, 1).key
