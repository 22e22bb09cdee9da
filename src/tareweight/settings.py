"""`tareweight.toml` and the environment -> Settings."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tareweight.errors import BadInput, one_line
from tareweight.process import CommandFailed, run
from tareweight.tomlfile import load

BASES = ("auto", "upstream", "debian")
NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
"""A path component of an image name (distribution's reference grammar)."""
EPOCH = "SOURCE_DATE_EPOCH"
BASELINE = "tareweight.lock.json"
"""The baseline file's name, at the project's root."""
_REGISTRY = re.compile(r"[a-z0-9][a-z0-9.-]*(:\d+)?")
_CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


@dataclass(frozen=True)
class Settings:
    """What holds for a whole project. Every path is absolute."""

    root: Path
    prefix: str = "tareweight"
    bases: str = "auto"
    jobs: int = 16
    nearest_base: bool = False
    secrets: dict[str, Path] = field(default_factory=dict)
    """Build secrets by id. `ca-bundle` is the host's CA bundle where one is found."""

    @property
    def tare(self) -> Path:
        """The folder of everything that may be deleted at any time: caches, logs, results."""
        return self.root / ".tare"

    @cached_property
    def epoch(self) -> int | None:
        """The time, in seconds since 1970, that images say they were made at: SOURCE_DATE_EPOCH, else the commit's. None where there is no commit."""
        if given := os.environ.get(EPOCH):
            return epoch_number(given)
        try:
            return int(run(["git", "-C", str(self.root), "log", "-1", "--format=%ct"], timeout=10).stdout)
        except (CommandFailed, ValueError):
            return None


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds tareweight.toml or apps/, else app.toml; `start` itself where there is none."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "tareweight.toml").is_file() or (folder / "apps").is_dir():
            return folder
    return next((folder for folder in (start, *start.parents) if (folder / "app.toml").is_file()), start)


def read(start: Path | None = None) -> Settings:
    """The settings of the project around `start` (the working directory). The environment wins over the file."""
    root = find_root(start or Path.cwd())
    file = root / "tareweight.toml"
    values: dict[str, object] = {}
    secrets = {"ca-bundle": bundle} if (bundle := ca_bundle()) else {}
    if file.is_file():
        table = load(file)
        values["prefix"] = prefix_name(table.string("prefix", "tareweight"), f"{file}: prefix")
        bases = table.string("bases", "auto")
        if bases not in BASES:
            table.fail("bases", f"'{bases}' is none of {', '.join(BASES)}")
        values["bases"] = bases
        values["jobs"] = table.integer("jobs", 16, low=1, high=64)
        values["nearest_base"] = table.boolean("nearest_base", False)
        given = table.mapping("secrets")
        for name, where in given.items():
            path = _file(root, where)
            if not path or not path.is_file():
                table.fail("secrets", f"{name}: {path or where} is not a file", "Name the file that holds the secret")
            secrets[name] = path
        table.close()
    if from_env := os.environ.get("TAREWEIGHT_PREFIX"):
        values["prefix"] = prefix_name(from_env, "TAREWEIGHT_PREFIX")
    if from_env := os.environ.get("TAREWEIGHT_BASES"):
        values["bases"] = bases_name(from_env, "TAREWEIGHT_BASES")
    if from_env := os.environ.get("TAREWEIGHT_JOBS"):
        values["jobs"] = jobs_number(from_env, "TAREWEIGHT_JOBS")
    if from_env := os.environ.get(EPOCH):
        epoch_number(from_env)
    return Settings(root=root, secrets=secrets, **values)  # type: ignore[arg-type]


def _file(root: Path, where: str) -> Path | None:
    """The absolute path of a file that is told relative to `root`; None for `~nobody` and loops of links."""
    try:
        return (root / Path(where).expanduser()).resolve()
    except (OSError, RuntimeError):
        return None


def prefix_name(text: str, where: str) -> str:
    """`text` as what an image's name begins with: path components, perhaps after a registry."""
    first, *parts = text.split("/")
    for part in parts if parts and _REGISTRY.fullmatch(first) else (first, *parts):
        if not NAME.fullmatch(part):
            raise BadInput(f"{where}: '{text}' can't begin an image's name", hint="Use lower-case letters, digits, - and /")
    return text


def bases_name(text: str, where: str) -> str:
    """`text` as one of BASES; `where` names the option or variable for the error."""
    if text not in BASES:
        raise BadInput(f"{where}: '{text}' is none of {', '.join(BASES)}")
    return text


def jobs_number(text: str, where: str) -> int:
    """`text` as a number of builds at once, 1 to 64."""
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= 64:
        raise BadInput(f"{where}: '{text}' is not a whole number from 1 to 64")
    return int(text)


def epoch_number(text: str) -> int:
    """SOURCE_DATE_EPOCH as a number of seconds; 253402300799 is the last of the year 9999, beyond which times have no text."""
    if not text.isascii() or not text.isdecimal() or len(text) > 20 or int(text) > 253_402_300_799:
        raise BadInput(f"{EPOCH}: '{one_line(text, 60)}' is no whole number of seconds since 1970", hint="Leave it unset to take the commit's time")
    return int(text)


def ca_bundle() -> Path | None:
    """The host's CA bundle: SSL_CERT_FILE if it is set, else where the distributions keep it."""
    for place in (os.environ.get("SSL_CERT_FILE", ""), *_CA_BUNDLES):
        if place and Path(place).is_file():
            return Path(place)
    return None
