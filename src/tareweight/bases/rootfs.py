"""One root file system for each Debian suite, which every debian base stands on; made by mmdebstrap."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tareweight.bases.apt import Apt, acquire_settings, alone, sources
from tareweight.bases.reference import PREFIX, RELEASES, ROOTFS_RECIPE
from tareweight.engine.client import inspect
from tareweight.engine.install import os_release
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, run

LABEL = "dev.tareweight.base.rootfs"
_LOCKS = {suite: threading.Lock() for suite in RELEASES}
_SKIP = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")
_APT = ('Acquire::Languages "none"', 'Acquire::GzipIndexes "true"')
_KEEP = 'APT::Keep-Downloaded-Packages "false";\nDir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
"""As in Debian's own images: no translations, packed lists, no .deb and no cache of the lists left behind. (The last two only once it is
made: mmdebstrap needs them.)"""
_failed: dict[str, tuple[float, BaseUnavailable]] = {}
"""When, and why, a suite's root file system could not be made: whoever waited for it then isn't kept waiting for another try."""


def ensure(suite: str, *, tare: Path, say: Callable[[str], None]) -> str:
    """The image of the suite's root file system, made where it is missing or was made in another way. `BaseUnavailable` where it can't be.

    Several may ask at once, in one process or in several: one makes it, the others wait.
    """
    tag = f"{PREFIX}/rootfs:{suite}"
    asked = time.monotonic()
    with _LOCKS[suite]:
        if suite in _failed and _failed[suite][0] > asked:
            raise _failed[suite][1]
        if _is_made(tag):
            return tag
        with alone(tare / "apt" / f"rootfs-{suite}.lock"):
            if not _is_made(tag):
                say(f"making the root file system of Debian {suite} (once)")
                try:
                    _make(suite, tag, tare)
                except BaseUnavailable as error:
                    _failed[suite] = time.monotonic(), error
                    raise
    return tag


def _is_made(tag: str) -> bool:
    have = inspect([tag]).get(tag)
    return have is not None and have.labels.get(LABEL) == ROOTFS_RECIPE


def command(program: list[str], suite: str, file: Path, settings: list[str], keep: Path, *, root: bool) -> list[str]:
    """The argv for mmdebstrap, which reads the sources from its standard input. Without root it makes a user namespace.

    `keep` is a piece of apt.conf that is put into the root file system at the end.
    """
    words = [*program, f"--mode={'root' if root else 'unshare'}", "--variant=minbase", "--include=ca-certificates", "--format=tar"]
    checks = [line.removesuffix(";") for line in settings if line.startswith(("Acquire::Check-", "Acquire::http", "Acquire::Retries"))]
    words += [f"--aptopt={line}" for line in (*checks, *_APT)]
    words += [f"--dpkgopt=path-exclude={path}" for path in _SKIP]
    if suite == "bookworm":
        # Else its init-system-helpers brings usrmerge, and that brings Perl: 50 MB that Debian's own images don't have.
        words.append(f"--hook-dir={Path(program[-1]).parents[1] / 'share/mmdebstrap/hooks/merged-usr'}")
    words.append(f"--customize-hook=upload {shlex.quote(str(keep))} /etc/apt/apt.conf.d/90tareweight")
    # With no caches to keep, apt's own cleaning passes over those that are there. The other two are this machine's.
    words.append('--customize-hook=rm -f "$1"/var/cache/apt/*pkgcache.bin "$1"/etc/hostname "$1"/etc/resolv.conf')
    return [*words, "--dpkgopt=path-include=/usr/share/doc/*/copyright", suite, str(file), "-"]


def _make(suite: str, tag: str, tare: Path) -> None:
    log = tare / "logs" / "bases" / f"rootfs-{suite}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    file = (tare / "apt" / f"rootfs-{suite}.tar").absolute()
    keep = file.with_suffix(".conf")
    keep.write_text(_KEEP, encoding="utf-8")
    wanted = sources(suite)
    program, env = _mmdebstrap(tare)
    words = command(program, suite, file, acquire_settings(), keep, root=os.geteuid() == 0)
    try:
        with log.open("w", encoding="utf-8") as out:
            done = subprocess.run(words, input=wanted, text=True, stdout=out, stderr=subprocess.STDOUT, check=False, env={**os.environ, **env})
        if done.returncode:
            lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.startswith(("E:", "mmdebstrap:"))]
            raise BaseUnavailable(f"mmdebstrap could not make Debian {suite}: {lines[0] if lines else 'it said nothing'}", hint=f"Whole log: {log}")
        run(["docker", "import", "--change", f"LABEL {LABEL}={ROOTFS_RECIPE}", "--change", 'CMD ["bash"]', str(file), tag], timeout=300)
    except CommandFailed as error:
        raise BaseUnavailable(f"the root file system of Debian {suite} could not be imported: {error.what}") from error
    finally:
        file.unlink(missing_ok=True)
        keep.unlink(missing_ok=True)


def _mmdebstrap(tare: Path) -> tuple[list[str], dict[str, str]]:
    """The mmdebstrap that is installed, else its package unpacked under .tare/: Perl, so nothing on the machine changes.

    With the argv comes the environment that it needs: it looks for its own mmtarfilter on PATH.
    """
    if found := shutil.which("mmdebstrap"):
        return [found], {}
    if not shutil.which("perl"):
        raise BaseUnavailable("neither mmdebstrap nor perl is on this machine", hint="Run `apt-get install mmdebstrap`")
    folder = (tare / "apt" / "mmdebstrap").absolute()
    programs = folder / "usr" / "bin"
    with alone(tare / "apt" / "mmdebstrap.lock"):
        if not (programs / "mmtarfilter").is_file():
            # The one of this machine's own release, as it goes with this machine's apt and Perl.
            own = os_release().get("VERSION_CODENAME", "")
            apt = Apt(tare / "apt" / "tools", (own if own in RELEASES else list(RELEASES)[-1],))
            apt.run("apt-get", "update")
            apt.run("apt-get", "download", "mmdebstrap")
            for package in (tare / "apt" / "tools").glob("mmdebstrap_*.deb"):
                run(["dpkg-deb", "-x", str(package), str(folder)])
                package.unlink()
    return ["perl", str(programs / "mmdebstrap")], {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
