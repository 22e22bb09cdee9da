"""One root file system for each Debian suite, which every debian base stands on; made by mmdebstrap."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from tareweight.bases.apt import Apt, sources
from tareweight.bases.recipes import PREFIX, ROOTFS_RECIPE
from tareweight.engine.client import inspect
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, run

LABEL = "dev.tareweight.base.rootfs"
_lock = threading.Lock()
_SKIP = "/usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/*"


def ensure(suite: str, *, tare: Path, say: Callable[[str], None]) -> str:
    """The image of the suite's root file system, made where it is missing or was made in another way. `BaseUnavailable` where it can't be."""
    tag = f"{PREFIX}/rootfs:{suite}"
    with _lock:
        have = inspect([tag]).get(tag)
        if have is None or have.labels.get(LABEL) != ROOTFS_RECIPE:
            say(f"making the root file system of Debian {suite} (once)")
            _make(suite, tag, tare)
    return tag


def _make(suite: str, tag: str, tare: Path) -> None:
    log = tare / "logs" / "bases" / f"rootfs-{suite}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    file = tare / "apt" / f"rootfs-{suite}.tar"
    file.parent.mkdir(parents=True, exist_ok=True)
    words = [*_mmdebstrap(tare), "--variant=minbase", "--include=ca-certificates"]
    words += ["--aptopt=APT::Install-Recommends false", "--aptopt=Acquire::Languages none"]
    for path in _SKIP.split():
        words.append(f"--dpkgopt=path-exclude={path}")
    words += ["--dpkgopt=path-include=/usr/share/doc/*/copyright", suite, str(file), "-"]
    try:
        with log.open("w", encoding="utf-8") as out:
            done = subprocess.run(words, input=sources(suite), text=True, stdout=out, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            end = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise BaseUnavailable(f"mmdebstrap could not make Debian {suite}: {end[0] if end else 'it said nothing'}", hint=f"Whole log: {log}")
        run(["docker", "import", "--change", f"LABEL {LABEL}={ROOTFS_RECIPE}", "--change", 'CMD ["bash"]', str(file), tag], timeout=300)
    except CommandFailed as error:
        raise BaseUnavailable(f"the root file system of Debian {suite} could not be imported: {error.what}") from error
    finally:
        file.unlink(missing_ok=True)


def _mmdebstrap(tare: Path) -> list[str]:
    """The mmdebstrap that is installed, else its package unpacked under .tare/: one Perl script, so nothing on the machine changes."""
    if found := shutil.which("mmdebstrap"):
        return [found]
    folder = tare / "apt" / "mmdebstrap"
    script = folder / "usr" / "bin" / "mmdebstrap"
    if not script.is_file():
        apt = Apt(tare / "apt", ("trixie",))
        apt.run("apt-get", "update")
        for old in (tare / "apt").glob("mmdebstrap_*.deb"):
            old.unlink()
        apt.run("apt-get", "download", "mmdebstrap")
        package = next(iter((tare / "apt").glob("mmdebstrap_*.deb")))
        run(["dpkg-deb", "-x", str(package), str(folder)])
    return ["perl", str(script)]
