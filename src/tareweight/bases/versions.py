"""Which version of what can be had, looked up where it comes from: Debian's package lists, and the npm registry for Node."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tareweight import store
from tareweight.bases.reference import RELEASES
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, run

if TYPE_CHECKING:
    from tareweight.bases.apt import Apt

_FORMAT = 2


@dataclass(frozen=True)
class Version:
    """One that can be had: `name` as people write it (1.24), `full` as it is (1.24.4), and the Debian suite that has it (empty for npm)."""

    name: str
    full: str
    suite: str


class Versions:
    """Look-ups kept in `.tare/bases/versions.json` until `refresh`: a base that nobody asked to renew stays as it is.

    Nothing is asked before it is needed.
    """

    def __init__(self, tare: Path, *, refresh: bool = False, ca_bundle: Path | None = None) -> None:
        self._tare = tare
        self._ca_bundle = ca_bundle
        self._file = tare / "bases" / "versions.json"
        self._lock = threading.Lock()
        kept = None if refresh else store.read(self._file)
        found = kept.get("found") if isinstance(kept, dict) and kept.get("format") == _FORMAT else None
        self._kept: dict[str, Any] = found if isinstance(found, dict) else {}
        self._apt: Apt | None = None

    def of(self, source: str, pattern: str, dockerfile: Path | None = None, *, oldest: float | None = None) -> list[Version]:
        """The versions that `source` ("apt" with a pattern of package names, or "npm" with a package) has, oldest first.

        Where the machine has no npm, the stage `versions` of `dockerfile` asks the registry. A look-up that is more than
        `oldest` seconds ago isn't believed.
        """
        key = f"{source} {pattern}"
        with self._lock:
            found = self._read(key, oldest)
            if found is None:
                found = self._npm(pattern, dockerfile) if source == "npm" else self._debian(pattern)
                found.sort(key=lambda version: (_numbers(version.full), version.suite))
                if found:
                    self._kept[key] = {"at": time.time(), "versions": [[v.name, v.full, v.suite] for v in found]}
                    store.write(self._file, {"format": _FORMAT, "found": self._kept})
        return found

    def _read(self, key: str, oldest: float | None) -> list[Version] | None:
        try:
            kept = self._kept[key]
            if oldest is not None and not 0 <= time.time() - kept["at"] <= oldest:
                return None
            return [Version(str(name), str(full), str(suite)) for name, full, suite in kept["versions"]]
        except (TypeError, KeyError, ValueError):
            return None

    def _debian(self, pattern: str) -> list[Version]:
        """`pattern` has one group for the version; without one the version is the package's own."""
        if self._apt is None:
            from tareweight.bases.apt import Apt

            self._apt = Apt(self._tare / "apt")
            self._apt.run("apt-get", "update")
        wanted = re.compile(pattern)
        names = [name for name in self._apt.run("apt-cache", "pkgnames").split() if wanted.fullmatch(name)]
        best: dict[tuple[str, str], Version] = {}
        for line in self._apt.run("apt-cache", "madison", *names).splitlines() if names else ():
            package, full, where = (part.strip() for part in line.split("|"))
            suite = next((known for known in RELEASES if f" {known}" in where), "")
            upstream = re.split(r"[-+~]", full.partition(":")[2] or full)[0]
            match = wanted.fullmatch(package)
            name = match[1] if match and wanted.groups else upstream
            if suite and (name, suite) not in best:
                best[name, suite] = Version(name, upstream, suite)
        return list(best.values())

    def _npm(self, package: str, dockerfile: Path | None) -> list[Version]:
        """Empty where no registry answers: any version is then tried, and the build says."""
        try:
            if shutil.which("npm"):
                told = json.loads(run(["npm", "view", package, "versions", "--json"], timeout=60).stdout)
            elif dockerfile:
                told = self._npm_in_a_build(dockerfile)
            else:
                return []
        except (CommandFailed, BaseUnavailable, ValueError, OSError):
            return []
        return [Version(full, full, "") for full in told if isinstance(full, str) and re.fullmatch(r"\d+\.\d+\.\d+", full)]

    def _npm_in_a_build(self, dockerfile: Path) -> Any:
        """The same question asked inside a build, by the npm that the recipe fetches Node with; never from BuildKit's cache."""
        from tareweight.bases import rootfs

        suite = list(RELEASES)[-1]
        root = rootfs.ensure(suite, tare=self._tare, say=lambda _: None)
        with tempfile.TemporaryDirectory(prefix="tareweight-versions-") as folder:
            words = ["docker", "buildx", "build", "--file", str(dockerfile), "--target", "versions", "--no-cache-filter", "listed", "--output", folder]
            words += ["--build-context", f"rootfs=docker-image://{root}", "--build-arg", f"SUITE={suite}"]
            if self._ca_bundle:
                words += ["--secret", f"id=ca-bundle,src={self._ca_bundle}"]
            run([*words, str(dockerfile.parent)], timeout=300)
            return json.loads((Path(folder) / "versions.json").read_bytes())


def choose(asked: str, suite: str, known: list[Version]) -> Version | None:
    """The newest version that `asked` (empty: any) and `suite` (empty: any) allow."""
    fits = [v for v in known if (not suite or v.suite in {"", suite}) and (not asked or asked in {v.name, v.full} or v.full.startswith(f"{asked}."))]
    return fits[-1] if fits else None


def nearest(asked: str, known: list[Version]) -> Version | None:
    """The version nearest to `asked`: the least distance in the first number that differs, the newer of two."""
    wanted = _numbers(asked)

    def distance(version: Version) -> tuple[int, ...]:
        return tuple(abs(a - b) for a, b in zip(wanted, _numbers(version.full), strict=False))

    return min(reversed(known), key=distance) if known else None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))
