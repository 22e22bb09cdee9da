"""Debian's packages as this machine reaches them: its own mirrors and keys, in a state directory of the project's own."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tareweight.bases.reference import RELEASES
from tareweight.engine.install import debian_sources, find, os_release
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, run

_SUITE = re.compile(r"^Suites: *(.*)$", re.MULTILINE)
_CREDENTIALS = re.compile(r"//[^/@\s]+@")
NO_DEBIAN = "Bases can be made from Debian packages on a Debian machine only; elsewhere use --bases upstream"


def sources(suite: str, etc_apt: Path = Path("/etc/apt")) -> str:
    """This machine's Debian sources in deb822 form, their suites switched to `suite`. `BaseUnavailable` where there are none."""
    own = os_release().get("VERSION_CODENAME", "")
    names = {own, "stable", "oldstable", *RELEASES} - {""}
    found = []
    for stanza in debian_sources(etc_apt):
        match = _SUITE.search(stanza)
        ends = {known[len(name) :] for known in match[1].split() for name in names if re.fullmatch(rf"{name}(-updates|-security)?", known)} if match else set()
        if ends:
            found.append(_SUITE.sub("Suites: " + " ".join(f"{suite}{end}" for end in sorted(ends)), stanza))
    if not found:
        raise BaseUnavailable("no Debian mirror among this machine's apt sources", hint=NO_DEBIAN)
    return "\n\n".join(dict.fromkeys(found)) + "\n"


def acquire_settings() -> list[str]:
    """How this machine's apt fetches (proxies, checks, time limits), as lines of apt.conf.

    A proxy that holds a password is left out: what mmdebstrap is given stays in the image.
    """
    try:
        told = run(["apt-config", "dump", "Acquire"], timeout=20, env={"LC_ALL": "C"}).stdout
    except CommandFailed as error:
        raise BaseUnavailable("there is no apt on this machine", hint=NO_DEBIAN) from error
    lines = (line.strip() for line in told.splitlines())
    return [
        line for line in lines if line.startswith("Acquire::") and "::IndexTargets" not in line and not line.endswith(' "";') and not _CREDENTIALS.search(line)
    ]


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Keep every other thread and process out until the end; the lock dies with its holder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Apt:
    """apt with sources, lists and cache under `folder`, for one or more Debian suites; the machine's own stay untouched.

    The machine's apt.conf.d isn't read: what it runs after an update (PackageKit, command-not-found) is none of ours.
    """

    def __init__(self, folder: Path, suites: tuple[str, ...] = tuple(RELEASES)) -> None:
        if not find("apt-get"):
            raise BaseUnavailable("there is no apt on this machine", hint=NO_DEBIAN)
        self._folder = folder.absolute()
        parts = self._folder / "sources.list.d"
        for place in (parts, self._folder / "lists" / "partial", self._folder / "cache" / "archives" / "partial"):
            place.mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        for suite in suites:
            (parts / f"{suite}.sources").write_text(sources(suite), encoding="utf-8")
        settings = {
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": parts,
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": self._folder / "lists",
            "Dir::State::status": self._folder / "status",
            "Dir::Cache": self._folder / "cache",
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        lines = [*acquire_settings(), *(f'{key} "{value}";' for key, value in settings.items())]
        self._config = self._folder / "apt.conf"
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, program: str, *words: str, cwd: Path | None = None) -> str:
        """What `program` (apt-get, apt-cache) prints."""
        env = {"LC_ALL": "C", "APT_CONFIG": str(self._config)}
        try:
            with alone(self._folder / "lock"):
                return run([program, "-q", *words], env=env, timeout=300, cwd=cwd or self._folder).stdout
        except CommandFailed as error:
            raise BaseUnavailable(f"{program} {words[0]} failed: {error.stderr_end.splitlines()[-1] if error.stderr_end else error}") from error
