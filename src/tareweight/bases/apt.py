"""Debian's packages as this machine reaches them: its own mirrors and keys, in a state directory of the project's own."""

from __future__ import annotations

import re
from pathlib import Path

from tareweight.bases.reference import RELEASES
from tareweight.engine.install import debian_sources, find, os_release
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, run

_SUITE = re.compile(r"^Suites: *(.*)$", re.MULTILINE)


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
        raise BaseUnavailable("no Debian mirror among this machine's apt sources", hint="Bases can be made from Debian packages on a Debian machine only")
    return "\n\n".join(dict.fromkeys(found)) + "\n"


class Apt:
    """apt with sources, lists and cache under `folder`, for one or more Debian suites; the machine's own stay untouched."""

    def __init__(self, folder: Path, suites: tuple[str, ...] = tuple(RELEASES)) -> None:
        if not find("apt-get"):
            raise BaseUnavailable("there is no apt on this machine", hint="Bases can be made from Debian packages on a Debian machine only")
        self._folder = folder
        parts = folder / "sources.list.d"
        for place in (parts, folder / "lists" / "partial", folder / "cache" / "archives" / "partial", folder / "preferences.d"):
            place.mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        for suite in suites:
            (parts / f"{suite}.sources").write_text(sources(suite), encoding="utf-8")

    def run(self, program: str, *words: str) -> str:
        """What `program` (apt-get, apt-cache) prints."""
        folder = self._folder
        options = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources.list.d",
            "Dir::Etc::preferencesparts": folder / "preferences.d",
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Sandbox::User": "",
        }
        given = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        try:
            return run([program, "-q", *given, *words], env={"LC_ALL": "C"}, timeout=300, cwd=folder).stdout
        except CommandFailed as error:
            raise BaseUnavailable(f"{program} {words[0]} failed: {error.stderr_end.splitlines()[-1] if error.stderr_end else error}") from error
