"""What engines that died leave behind, and the places of a second one."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tareweight.engine import layout
from tareweight.engine.layout import MACHINE, Layout, private

EngineOn = Callable[..., AbstractContextManager[None]]


def quiet(_: str) -> None:
    """Hears nothing."""


def test_the_machines_own_engine_gets_no_flags(tmp_path: Path) -> None:
    assert MACHINE.command("dockerd") == ["dockerd"]
    second = private(tmp_path)
    assert second.command("dockerd")[:3] == ["dockerd", "-H", second.host]
    assert len(str(second.exec_root / "containerd/containerd.sock.ttrpc")) < 108
    assert second.build_network == ("default" if second.bridge else "host")
    assert MACHINE.build_network == "default"


def dead_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def test_leftovers_of_dead_engines_are_removed(staged: Layout) -> None:
    supervised = staged.exec_root / "containerd"
    supervised.mkdir(parents=True)
    # Dead, given to another process since, and damaged.
    staged.pidfile.write_text(str(os.getpid()), encoding="utf-8")
    (supervised / "containerd.pid").write_text("99999999", encoding="utf-8")
    for path in (staged.socket, staged.system_containerd, supervised / "containerd.sock"):
        dead_socket(path)
    said: list[str] = []
    assert layout.clear_stale(staged, said.append) is None
    assert len(said) == 5
    assert not any(path.is_file() or path.is_socket() for path in staged.socket.parent.rglob("*"))
    staged.pidfile.write_text("damaged", encoding="utf-8")
    staged.socket.mkdir()
    assert layout.clear_stale(staged, quiet) is None
    assert not staged.socket.exists()
    assert not staged.pidfile.exists()


def test_what_lives_is_kept(staged: Layout, monkeypatch: pytest.MonkeyPatch, engine_on: EngineOn) -> None:
    supervised = staged.exec_root / "containerd"
    supervised.mkdir(parents=True)
    (supervised / "containerd.pid").write_text("1", encoding="utf-8")
    monkeypatch.setattr(layout, "living", lambda _, name: 1 if name == "containerd" else None)
    with engine_on(staged.system_containerd):
        assert layout.clear_stale(staged, quiet) is None
        assert (supervised / "containerd.pid").exists()
        assert staged.system_containerd.exists()
    monkeypatch.setattr(layout, "living", lambda *_: 7)
    assert layout.clear_stale(staged, quiet) == 7


def process_in(proc: Path, pid: int, name: str, *argv: str, state: str = "S") -> None:
    """A process with start time 12345 in a `/proc` of one's own."""
    folder = proc / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    fields = [state, *["0"] * 18, "12345", "0"]
    (folder / "stat").write_text(f"{pid} ({name}) {' '.join(fields)}", encoding="utf-8")
    (folder / "cmdline").write_text("\0".join(argv) + "\0", encoding="utf-8")


def test_a_pid_file_counts_only_for_its_own_engine(tmp_path: Path) -> None:
    pidfile, proc = tmp_path / "docker.pid", tmp_path / "proc"
    pidfile.write_text("99999999\n", encoding="utf-8")
    assert layout.living(pidfile, "dockerd", proc) is None
    process_in(proc, 99999999, "dockerd", "dockerd")
    assert layout.living(pidfile, "dockerd", proc) == 99999999
    for other in (["--pidfile", "/else.pid"], ["-p", "/else.pid"], ["--pidfile=/else.pid"]):
        process_in(proc, 99999999, "dockerd", "dockerd", *other)
        assert layout.living(pidfile, "dockerd", proc) is None
    process_in(proc, 99999999, "dockerd", "dockerd", "--pidfile", str(pidfile))
    assert layout.living(pidfile, "dockerd", proc) == 99999999
    process_in(proc, 99999999, "a (b) c", "dockerd")
    assert layout.process(99999999, proc) == ("a (b) c", 12345)
    assert layout.living(pidfile, "dockerd", proc) is None
    process_in(proc, 99999999, "dockerd", "dockerd", state="Z")
    assert layout.living(pidfile, "dockerd", proc) is None
