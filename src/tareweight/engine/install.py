"""Docker Engine, client and buildx on this machine: what is missing, and installing it on Debian.

Debian 12 has no engine that is new enough, so Debian 13's packages go onto it. apt gets a state directory of its own for
that, which is deleted afterwards: no source list, pin or package list stays, and anything that would upgrade or
remove a package other than Docker's own is refused before it happens.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tareweight.errors import EngineError
from tareweight.process import CommandFailed, run

if TYPE_CHECKING:
    from collections.abc import Iterator

Say = Callable[[str], None]
Version = tuple[int, int]

ENGINE_NEEDED: Version = (23, 0)
"""The first engine whose BuildKit takes named contexts that are local images."""
BUILDX_NEEDED: Version = (0, 13)
"""The first buildx with `--progress=rawjson`."""

SUITE = "trixie"
"""Debian 13, whose Docker packages are installed on Debian 12 too."""
PACKAGES = {"dockerd": "docker.io", "docker": "docker-cli", "buildx": "docker-buildx"}
"""Program -> the Debian package that has it."""
REPLACEABLE = frozenset({*PACKAGES.values(), "containerd", "runc", "tini", "docker-doc"})
"""What an installation may upgrade or remove; every other package stays as it is."""

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
_PLUGIN_DIRS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
_DEBIAN_MIRROR = re.compile(r"//([^/]*\.)?debian\.org/|/debian(-security)?(\.list)?(/\d{8}T\d{6}Z)?/?$")
"""Debian's own archive, a mirror of it, a snapshot, or the mirror lists of cloud images; other vendors' sources stay out."""
_LIST_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>\S.*)$")


def find(program: str) -> str | None:
    """The program's path; the directories for root's programs count even where PATH leaves them out."""
    return shutil.which(program) or shutil.which(program, path=_SBIN)


def version_in(text: str) -> Version | None:
    """The first `major.minor` in what a program says about itself."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def buildx_version() -> tuple[Version, str] | None:
    """What `docker buildx version` says, as numbers and as written; None where there is no buildx that runs."""
    if find("docker") is None:
        return None
    try:
        said = run(["docker", "buildx", "version"], timeout=20, check=False)
    except CommandFailed:
        return None
    match = re.search(r"\bv?((\d+)\.(\d+)\S*)", said.stdout)
    if said.code != 0 or match is None:
        return None
    return (int(match[2]), int(match[3])), match[1]


def buildx_path() -> Path | None:
    """The plugin that the docker client runs: the user's own comes before the system's."""
    own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "cli-plugins"
    for directory in (own, *map(Path, _PLUGIN_DIRS)):
        if os.access(directory / "docker-buildx", os.X_OK):
            return directory / "docker-buildx"
    return None


def _lacks(*, client_only: bool = False) -> dict[str, str]:
    """Program -> what is wrong with it here."""
    lacks: dict[str, str] = {}
    if not client_only:
        dockerd = find("dockerd")
        if dockerd is None:
            lacks["dockerd"] = "dockerd"
        else:
            try:
                said = run([dockerd, "--version"], timeout=20).stdout
            except CommandFailed as error:
                lacks["dockerd"] = f"dockerd ({error})"
            else:
                version = version_in(said)
                if version is None or version < ENGINE_NEEDED:
                    lacks["dockerd"] = f"dockerd >= {ENGINE_NEEDED[0]} ({dockerd} is {said.strip() or 'mute'})"
    if find("docker") is None:
        lacks["docker"] = "docker"
    buildx = buildx_version()
    if buildx is None:
        lacks["buildx"] = "buildx >= 0.13"
    elif buildx[0] < BUILDX_NEEDED:
        lacks["buildx"] = f"buildx >= 0.13 (this is {buildx[1]})"
    return lacks


def missing_programs() -> list[str]:
    """What of dockerd >= 23, the docker client and buildx >= 0.13 is absent or too old here, one phrase each."""
    return list(_lacks().values())


def missing_client() -> list[str]:
    """The same without dockerd: what is needed to use an engine that answers already."""
    return list(_lacks(client_only=True).values())


def os_release(root: Path = Path("/")) -> dict[str, str]:
    """`/etc/os-release` as a dict; empty where there is none."""
    try:
        text = (root / "etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def _is_wsl(root: Path) -> bool:
    try:
        return "microsoft" in (root / "proc/version").read_text(encoding="utf-8").lower()
    except OSError:
        return False


def how_to_install(root: Path = Path("/"), *, platform: str = sys.platform, uid: int | None = None) -> str | None:
    """One line on what to install by hand here, or None where `install` can do it (Debian 12 or newer, as root)."""
    if platform == "darwin":
        return "Install and start Docker Desktop, OrbStack or colima (`brew install --cask docker`)"
    if not platform.startswith("linux"):
        return "Install Docker Desktop with its WSL 2 backend and run this inside WSL"
    if _is_wsl(root):
        return "Install Docker Desktop on Windows and switch on its integration with this WSL distribution"
    release = os_release(root)
    ident = release.get("ID", "")
    family = {ident, *release.get("ID_LIKE", "").split()}
    if ident == "debian":
        major = release.get("VERSION_ID", "")
        if major.isdigit() and int(major) < 12:
            return "Debian before 12 isn't supported; install Docker Engine from https://docs.docker.com/engine/install/debian/"
        if (os.getuid() if uid is None else uid) != 0:
            return "Run it once as root (`sudo`), or have an administrator install docker.io, docker-cli and docker-buildx from Debian 13"
        return None
    if ident == "ubuntu" or "ubuntu" in family:
        return "Run `sudo apt-get install docker.io docker-buildx`"
    if ident == "fedora":
        return "Run `sudo dnf install moby-engine docker-cli docker-buildx`, then `sudo systemctl start docker`"
    if family & {"rhel", "centos", "fedora"}:
        return "Install docker-ce and docker-buildx-plugin: https://docs.docker.com/engine/install/"
    if family & {"suse", "opensuse"}:
        return "Run `sudo zypper install docker docker-buildx`, then `sudo systemctl start docker`"
    if "arch" in family:
        return "Run `sudo pacman -S docker docker-buildx`, then `sudo systemctl start docker`"
    if ident == "alpine":
        return "Run `apk add docker docker-cli-buildx`, then `rc-service docker start`"
    return "Install Docker Engine 23 or newer and buildx 0.13 or newer: https://docs.docker.com/engine/install/"


def install(say: Say, *, client_only: bool = False, root: Path = Path("/")) -> None:
    """Install what is missing (the engine too unless `client_only`); `EngineError` where that can't be done here.

    Debian's maintainer scripts may start the engine; where policy-rc.d forbids that, `daemon.start` does it.
    """
    lacks = _lacks(client_only=client_only)
    if not lacks:
        return
    wanted = ", ".join(lacks.values())
    by_hand = how_to_install(root)
    if by_hand is not None:
        raise EngineError(f"not installed here: {wanted}", hint=by_hand)
    # With a new engine come its own client and buildx, from one release; a good engine of whatever origin keeps its own.
    packages = [PACKAGES[name] for name in (PACKAGES if "dockerd" in lacks else lacks)]
    say(f"Installing {', '.join(packages)} (missing: {wanted})")
    with private_apt(root) as (options, suite):
        wishes = [f"{package}/{suite}" if suite else package for package in packages]
        _apt([*options, "update"], "its package lists can't be fetched")
        command = [*options, "install", "-y", "--no-install-recommends"]
        changes = _apt([*command, "-s", *wishes], "these packages can't be installed here")
        refused = forbidden(changes)
        if refused:
            raise EngineError(
                f"installing {', '.join(packages)} would also change {', '.join(refused)}",
                hint="Nothing was changed. Install Docker Engine 23 or newer and buildx 0.13 or newer yourself",
            )
        _apt(
            [*command, "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold", *wishes],
            "the installation failed",
        )
    left = _lacks(client_only=client_only)
    if left:
        raise EngineError(
            f"installed {', '.join(packages)}, but still missing: {', '.join(left.values())}",
            hint="An older copy may come first in PATH or in ~/.docker/cli-plugins: remove it",
        )
    say("Installed")


def forbidden(simulated: str) -> list[str]:
    """What `apt-get -s` would upgrade or remove that isn't Docker's: `name (old -> new)` or `name (removed)`."""
    refused = []
    for line in simulated.splitlines():
        match = re.match(r"(Inst|Remv) (\S+?)(?::\S+)? (?:\[(\S+)] ?)?(?:\((\S+))?", line)
        if match is None or match[2] in REPLACEABLE:
            continue
        if match[1] == "Remv":
            refused.append(f"{match[2]} (removed)")
        elif match[3]:
            refused.append(f"{match[2]} ({match[3]} -> {match[4]})")
    return refused


def _apt(arguments: Sequence[str], failed: str) -> str:
    env = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "NEEDRESTART_SUSPEND": "1"}
    try:
        done = run(["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments], env=env, timeout=1200, check=False)
    except CommandFailed as error:
        raise EngineError(f"apt-get: {failed}: {error}") from error
    # `update` ends with 0 when a list could not be fetched; only the installation tells whether it was needed.
    if done.code != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()[-3:]
        raise EngineError(f"apt-get: {failed}: {' '.join(lines) or f'status {done.code}'}", hint="See that apt-get works on this machine")
    return done.stdout


@contextmanager
def private_apt(root: Path = Path("/")) -> Iterator[tuple[list[str], str]]:
    """Options for apt-get that give it sources, lists, pins and a cache of its own, and the release to ask for.

    The machine's installed packages, keys, proxies and authentication stay in use. The release is empty on Debian 13 and
    newer, where the machine's own one is right.
    """
    release = os_release(root)
    codename = release.get("VERSION_CODENAME", "")
    older = release.get("VERSION_ID") == "12"
    stanzas = debian_sources(root / "etc/apt", codename if older else "")
    if not stanzas:
        raise EngineError("apt knows no Debian mirror on this machine", hint="Add one to /etc/apt/sources.list.d, or install Docker Engine yourself")
    with tempfile.TemporaryDirectory(prefix="tareweight-apt-") as name:
        state = Path(name)
        # apt reads its lists as the user _apt, who must get through.
        state.chmod(0o755)
        for part in ("sources", "preferences", "lists/partial", "cache/archives/partial"):
            (state / part).mkdir(parents=True)
        (state / "sources/debian.sources").write_text("\n\n".join(stanzas) + "\n", encoding="utf-8")
        pin = f"Package: *\nPin: release n={SUITE}*\nPin-Priority: 100\n" if older else ""
        (state / "preferences/tareweight").write_text(pin, encoding="utf-8")
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": state / "sources",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": state / "preferences",
            "Dir::State::Lists": state / "lists",
            "Dir::Cache": state / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        yield [word for key, value in settings.items() for word in ("-o", f"{key}={value}")], SUITE if older else ""


def debian_sources(etc_apt: Path, older: str = "") -> list[str]:
    """Debian's own sources of this machine as deb822 stanzas, with their keys and options.

    With `older`, the code name of a release before Debian 13, each is followed by its twin for Debian 13.
    """
    stanzas: list[dict[str, str]] = []
    lists = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*.list"))]
    for file in lists:
        stanzas += [stanza for line in _lines(file) if (stanza := _from_line(line))]
    for file in sorted((etc_apt / "sources.list.d").glob("*.sources")):
        stanzas += _paragraphs(_lines(file))
    found: list[str] = []
    for stanza in stanzas:
        uris = [uri for uri in stanza.get("URIs", "").split() if _DEBIAN_MIRROR.search(uri)]
        enabled = stanza.get("Enabled", "yes").strip().lower() not in {"no", "false", "0", "off"}
        if not (enabled and uris and "deb" in stanza.get("Types", "").split() and "main" in stanza.get("Components", "").split()):
            continue
        suites = stanza.get("Suites", "").split()
        # Of the other release only the parts that hold whole packages of Debian itself: no backports, no proposals.
        twin = [switched for suite in suites if older and (switched := _switch(suite, older))]
        for chosen in (suites, twin):
            if chosen:
                changed = {**stanza, "Types": "deb", "URIs": " ".join(uris), "Suites": " ".join(chosen), "Components": "main"}
                found.append("\n".join(f"{key}: {value}" for key, value in changed.items()))
    return list(dict.fromkeys(found))


def _switch(suite: str, older: str) -> str:
    """The suite's counterpart in Debian 13, or nothing."""
    for known in (older, "oldstable"):
        if suite in {known, f"{known}-updates", f"{known}-security"}:
            return SUITE + suite.removeprefix(known)
    return ""


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _from_line(line: str) -> dict[str, str] | None:
    match = _LIST_LINE.match(line.split("#", 1)[0].strip())
    if match is None:
        return None
    stanza = {"Types": "deb", "URIs": match["uri"], "Suites": match["suite"], "Components": match["components"].strip()}
    names = {"signed-by": "Signed-By", "arch": "Architectures", "trusted": "Trusted", "check-valid-until": "Check-Valid-Until"}
    for option in (match["options"] or "").split():
        key, _, value = option.partition("=")
        if key.lower() in names:
            stanza[names[key.lower()]] = value.replace(",", " ")
    return stanza


def _paragraphs(lines: Iterable[str]) -> list[dict[str, str]]:
    """deb822 paragraphs; a value keeps its continuation lines (keys are written inside `Signed-By` that way)."""
    canonical = {name.lower(): name for name in ("Types", "URIs", "Suites", "Components", "Enabled", "Signed-By")}
    paragraphs: list[dict[str, str]] = [{}]
    last = ""
    for line in lines:
        if line.startswith("#"):
            continue
        if not line.strip():
            paragraphs.append({})
            last = ""
        elif line[0].isspace() and last:
            paragraphs[-1][last] += "\n" + line
        elif ":" in line:
            key, value = line.split(":", 1)
            last = canonical.get(key.strip().lower(), key.strip())
            paragraphs[-1][last] = value.strip()
    return [paragraph for paragraph in paragraphs if paragraph]
