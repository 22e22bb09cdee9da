"""Saved images read as streams: what differs between two, with layers made here."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tareweight.work import saved
from tareweight.work.saved import FileDiff

Change = Callable[[tarfile.TarInfo], None]


def entry(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def archive(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for info, data in entries:
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def layer(*entries: tuple[tarfile.TarInfo, bytes]) -> saved.Entries:
    return saved.layer(io.BytesIO(archive(*entries)))


def image(layers: Mapping[str, bytes], config: Mapping[str, Any], *, extra: tuple[tuple[tarfile.TarInfo, bytes], ...] = ()) -> io.BytesIO:
    told = [{"Config": "blobs/c", "Layers": list(layers), "RepoTags": None}]
    files = {**layers, "blobs/c": json.dumps(config).encode(), "VERSION": b"1.0", "manifest.json": json.dumps(told).encode()}
    return io.BytesIO(archive(*extra, *(entry(name, data) for name, data in files.items() if data)))


def diff(old: tuple[tarfile.TarInfo, bytes], new: tuple[tarfile.TarInfo, bytes]) -> tuple[tuple[FileDiff, ...], int]:
    found, times = saved.differences(saved.merged([layer(old)]), saved.merged([layer(new)]))
    return tuple(found.get(1, ())), times


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (entry("a", b"one"), entry("a", b"two"), "3 bytes that differ"),
        (entry("a", b"one"), entry("a", b"three"), "3 bytes, 5"),
        (entry("a", mode=0o755), entry("a", mode=0o4755), "mode 0755, 4755"),
        (entry("a", uid=0, gid=0), entry("a", uid=0, gid=7), "owner 0:0, 0:7"),
        (entry("a", type=tarfile.SYMTYPE, linkname="/x"), entry("a", type=tarfile.SYMTYPE, linkname="/y"), "to /x, /y"),
        (entry("a", b"x"), entry("a", type=tarfile.SYMTYPE, linkname="x"), "file, link"),
        (entry("a", type=tarfile.CHRTYPE, devmajor=1, devminor=3), entry("a", type=tarfile.CHRTYPE, devmajor=1, devminor=5), "to 1:3, 1:5"),
        (entry("a"), entry("a", pax_headers={"SCHILY.xattr.security.capability": "x"}), "extended attributes"),
        (entry("a", b"x", mode=0o600), entry("a", b"y", mode=0o644), "1 bytes that differ; mode 0600, 0644"),
    ],
)
def test_what_differs_is_said(old: tuple[tarfile.TarInfo, bytes], new: tuple[tarfile.TarInfo, bytes], why: str) -> None:
    assert diff(old, new) == ((FileDiff("/a", why),), 0)


def test_times_are_told_apart() -> None:
    assert diff(entry("./d/", type=tarfile.DIRTYPE, mtime=1), entry("d", type=tarfile.DIRTYPE, mtime=2)) == ((), 1)
    assert diff(entry("a", mtime=1.25), entry("a", mtime=1.75)) == ((), 1)
    assert diff(entry("a", b"1", mtime=1), entry("a", b"2", mtime=2))[1] == 0, "what differs otherwise isn't counted again"


def test_names_are_the_files_own() -> None:
    assert list(layer(entry("./"), entry(".hidden"), entry("..data"), entry("a/.wh.gone"), entry("/abs"))) == [
        "/", "/.hidden", "/..data", "/a/.wh.gone", "/abs",
    ]  # fmt: skip


def test_a_saved_image_is_read_as_a_stream() -> None:
    one, two = archive(entry("x", b"1")), gzip.compress(archive(entry("{y}", b"2")))
    found = saved.read(image({"blobs/1": one, "blobs/2": two, "blobs/{3": archive(entry("{y}", b"3"))}, {"created": "now"}))
    assert found.config == {"created": "now"}
    assert [list(each) for each in found.layers] == [["/x"], ["/{y}"], ["/{y}"]]


def test_a_layer_that_an_old_engine_links_to() -> None:
    link = entry("two/layer.tar", type=tarfile.SYMTYPE, linkname="../one/layer.tar")
    found = saved.read(image({"one/layer.tar": archive(entry("x")), "two/layer.tar": b""}, {}, extra=(link,)))
    assert [list(each) for each in found.layers] == [["/x"], ["/x"]]


def test_later_layers_hide_what_is_below() -> None:
    below = layer(*(entry(name, type=tarfile.DIRTYPE) for name in ("a", "b", "c", "d")), entry("a/x"), entry("b/x"), entry("b/y"), entry("c/x"), entry("d/x"))
    above = layer(entry("a", b"no folder"), entry("b/.wh.x"), entry(".wh.c"), entry("d/.wh..wh..opq"), entry("d/z", b"new"))
    assert {path: number for path, (number, _) in saved.merged([below, above]).items()} == {"/a": 2, "/b": 1, "/b/y": 1, "/d": 1, "/d/z": 2}
    everything = layer(entry(".wh..wh..opq"), entry("only"))
    assert list(saved.merged([below, everything])) == ["/only"]


def test_what_is_hidden_or_repeated_is_no_difference() -> None:
    """A step leaves a folder in its layer that it only looked into, on one kind of store and not on another."""
    below, folder = layer(entry("etc", type=tarfile.DIRTYPE, mtime=1)), entry("etc", type=tarfile.DIRTYPE, mtime=2)
    once, twice = saved.merged([below, layer(entry("x"))]), saved.merged([below, layer(folder, entry("x"))])
    assert saved.differences(once, twice) == ({}, 1)
    secret, other = saved.merged([layer(entry("k", b"1")), layer(entry(".wh.k"))]), saved.merged([layer(entry("k", b"2")), layer(entry(".wh.k"))])
    assert saved.differences(secret, other) == ({}, 0)


def config(**fields: Any) -> dict[str, Any]:
    return {"created": "1", "history": [{"created": "1", "created_by": "RUN x"}], "config": {"Env": ["A=1"], "User": "1"}, "rootfs": {}} | fields


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (config(rootfs={"diff_ids": ["x"]}), []),
        (config(history=[{"created": "2", "created_by": "RUN x"}]), []),
        (config(history=[{"created": "1", "created_by": "RUN y"}]), ["history"]),
        (config(created="2", author="me"), ["author", "created"]),
        (config(config={"Env": ["A=2"], "User": "1", "Cmd": []}), ["config.Cmd", "config.Env"]),
    ],
)
def test_settings(new: dict[str, Any], expected: list[str]) -> None:
    assert list(saved._settings(config(), new)) == expected
