"""App, Target and what a variant needs beyond the lock-down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tareweight.catalog import limits
from tareweight.catalog.checks import Check, parse
from tareweight.catalog.limits import Limits
from tareweight.tomlfile import Table, load

MEMORY = "256MB"
_MEMORY = re.compile(r"([1-9]\d*)(MB|GB)")
_CAPABILITY = re.compile(r"[A-Z_]+")


@dataclass(frozen=True)
class Needs:
    """What a container of the app gets beyond the lock-down (design decision 7). `memory` is a limit in bytes."""

    port: int | None = None
    writable: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    memory: int = 256_000_000
    env: tuple[tuple[str, str], ...] = ()

    def declared(self) -> str:
        """The lifted locks in a few words, for the table; empty where the image runs fully locked down."""
        parts = [f"+{name}" for name in self.capabilities] + [f"rw {path}" for path in self.writable]
        return ", ".join(parts)


@dataclass(frozen=True)
class Local:
    """How the app runs without Docker, in its own folder: argv, and variables over the environment. Without `run` it doesn't."""

    run: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()


class Making(NamedTuple):
    """How a variant is built: by the Dockerfile of the variant `source`, or by its own where that is empty; with build arguments."""

    source: str = ""
    args: tuple[tuple[str, str], ...] = ()


class App(NamedTuple):
    """A folder under apps/ with an app.toml. Paths are absolute."""

    name: str
    folder: Path
    context: Path
    title: str
    description: str
    version: str
    baseline: str
    checks: tuple[Check, ...]
    needs: Needs
    variant_needs: dict[str, Needs]
    limits: Limits = Limits()
    variant_limits: Mapping[str, Limits] = MappingProxyType({})
    local: Local = Local()
    makings: Mapping[str, Making] = MappingProxyType({})

    def needs_of(self, variant: str) -> Needs:
        """What `variant` is given when it runs."""
        return self.variant_needs.get(variant, self.needs)


class Target(NamedTuple):
    """One app in one variant."""

    app: App
    variant: str
    dockerfile: Path

    @property
    def name(self) -> str:
        """`<app>:<variant>`, as in the image's name."""
        return f"{self.app.name}:{self.variant}"

    @property
    def needs(self) -> Needs:
        """What the image is given when it runs."""
        return self.app.needs_of(self.variant)

    @property
    def source(self) -> str:
        """The variant whose Dockerfile it is built by; empty where that is its own."""
        return self.app.makings.get(self.variant, Making()).source

    @property
    def args(self) -> dict[str, str]:
        """The build arguments that make it this variant; they win over `--set`."""
        return dict(self.app.makings.get(self.variant, Making()).args)

    @property
    def limits(self) -> Limits:
        """What the image is held to: the variant's own limits over the app's."""
        return self.app.variant_limits.get(self.variant, self.app.limits)


def read(file: Path, name: str, root: Path) -> App:
    """The app that `file` (an app.toml) describes. `BadInput` names file, line and key."""
    table = load(file)
    where = table.string("context", ".")
    try:
        context = (file.parent / where).resolve()
    except (OSError, ValueError, RuntimeError):  # a loop of links, a NUL
        table.fail("context", f"{where!r} is not a folder", "Name the folder that the Dockerfiles copy from")
    if not context.is_relative_to(root):
        table.fail("context", f"'{where}' leads out of the project {root}", "Use a folder within the project")
    if not context.is_dir():
        table.fail("context", f"'{where}' is not a folder", "Name the folder that the Dockerfiles copy from")
    needs = _needs(table.table("run"), Needs())
    makings, variant_needs = _variants(table.table("variants"), needs)
    general, special = limits.read(table.table("budget"))
    app = App(
        name=name,
        folder=file.parent,
        context=context,
        title=table.string("title", name),
        description=table.string("description", ""),
        version=table.string("version", "0"),
        baseline=table.string("baseline", "single"),
        checks=parse(table.tables("check")),
        needs=needs,
        variant_needs=variant_needs,
        limits=general,
        variant_limits=special,
        local=_local(table.table("local")) if "local" in table else Local(),
        makings=makings,
    )
    table.close()
    return app


def _variants(table: Table, needs: Needs) -> tuple[dict[str, Making], dict[str, Needs]]:
    """`[variants.X]` tables: how each is built, and what it needs over `needs`; over those of the variant that it is built as, if it is."""
    tables = {key: table.table(key) for key in table.data}
    makings = {key: Making(inner.string("from", ""), tuple(inner.mapping("args").items())) for key, inner in tables.items()}
    found: dict[str, Needs] = {}
    for key in sorted(tables, key=lambda key: makings[key].source != ""):
        found[key] = _needs(tables[key], found.get(makings[key].source, needs))
    return makings, found


def _local(table: Table) -> Local:
    """How to run without Docker: a program and its arguments, never a line for a shell."""
    words, env = table.strings("run"), table.mapping("env")
    if not words or not words[0] or "\0" in "".join(words):
        table.fail("run", "names no program", 'Write it as a list: run = ["go", "run", "."]')
    for name, value in env.items():
        if not name or "=" in name or "\0" in name + value:
            table.fail("env", f"{name!r} can't be set in an environment")
    table.close()
    return Local(words, tuple(env.items()))


def _needs(table: Table, over: Needs) -> Needs:
    """`over` with the keys that `table` gives."""
    needs = over
    if "port" in table:
        needs = replace(needs, port=table.integer("port", low=1, high=65535))
    if "writable" in table:
        writable = table.strings("writable")
        for path in writable:
            if not path.startswith("/") or ".." in path.split("/"):
                table.fail("writable", f"'{path}' is not an absolute path")
        needs = replace(needs, writable=writable)
    if "capabilities" in table:
        capabilities = table.strings("capabilities")
        for name in capabilities:
            if not _CAPABILITY.fullmatch(name) or name == "ALL":
                table.fail("capabilities", f"'{name}' is not a capability", "Name them one by one, as in NET_BIND_SERVICE")
        needs = replace(needs, capabilities=capabilities)
    if "memory" in table:
        text = table.string("memory")
        found = _MEMORY.fullmatch(text)
        if not found:
            table.fail("memory", f"'{text}' is not a size", f"Write it as in {MEMORY}")
        needs = replace(needs, memory=int(found[1]) * {"MB": 10**6, "GB": 10**9}[found[2]])
    if "env" in table:
        needs = replace(needs, env=tuple(table.mapping("env").items()))
    table.close()
    return needs
