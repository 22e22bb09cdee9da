"""The kinds of advice. Every number is computed from the image; `docs/numbers.md` says how sure each is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tareweight.advice.case import Advice, Case

WORTH = 10_000
"""Bytes below which nothing is said."""
WORTH_A_BASE = 5_000_000
"""Bytes below which another base isn't worth its trouble."""

_BUILD_ONLY = re.compile(
    r"(?:gcc|g\+\+|cpp|gfortran|clang|binutils)(?:-.*)?|golang(?:-.*)?|rustc|cargo|.+-dev(?:-bin)?|make|cmake.*|ninja-build|git|dpkg-dev"
    r"|openjdk-\d+-jdk.*|lib(?:a|hwa|l|t|ub)san\d*|libcc1.*|linux-headers.*"
)
"""Debian and Alpine packages that build programs and that no program needs to run."""

_CACHES = {
    "pip cache": "--mount=type=cache,target=/root/.cache/pip",
    "uv cache": "--mount=type=cache,target=/root/.cache/uv",
    "poetry cache": "--mount=type=cache,target=/root/.cache/pypoetry",
    "npm cache": "--mount=type=cache,target=/root/.npm",
    "yarn cache": "--mount=type=cache,target=/root/.cache/yarn",
    "pnpm store": "--mount=type=cache,target=/root/.local/share/pnpm/store",
    "go build cache": "--mount=type=cache,target=/root/.cache/go-build",
    "go module cache": "--mount=type=cache,target=/go/pkg/mod",
    "cargo registry": "--mount=type=cache,target=/usr/local/cargo/registry",
    "maven cache": "--mount=type=cache,target=/root/.m2/repository",
    "gradle cache": "--mount=type=cache,target=/root/.gradle/caches",
    "compiler cache": "--mount=type=cache,target=/root/.ccache",
    "composer cache": "--mount=type=cache,target=/root/.cache/composer",
    "nuget cache": "--mount=type=cache,target=/root/.nuget/packages",
}
"""Kinds of things left behind that a step needs while it runs, and the mount that keeps each out of the layer."""

_REMOVES = re.compile(r"\b(?:rm|chown|chmod|mv|strip|apt-get (?:clean|remove|purge|autoremove)|pip uninstall|npm prune)\b")
"""Commands that leave bytes in a lower layer when they come in a later one."""

_LISTS = {
    "apt lists": "rm -rf /var/lib/apt/lists/*",
    "apt archives": "apt-get clean",
    "apk cache": "apk add --no-cache",
    "dnf cache": "dnf clean all",
    "temporary files": "rm -rf /tmp/* /var/tmp/*",
}
"""Kinds that a package manager leaves, and what removes them in the step that made them."""

_COPIED = ("git history", "svn history", "mercurial history", ".env file", "editor's copy", "cache of tests and linters")
"""Kinds that a COPY brought from the context."""


def multi_stage(case: Case) -> Iterator[Advice]:
    """Compilers in an image that is run, not built with."""
    if not case.weight.scan.surface.compilers:
        return
    sibling = case.smallest_sibling()
    tools = [one for one in case.weight.scan.packages if one.type in {"deb", "apk"} and _BUILD_ONLY.fullmatch(one.name)]
    tools += [one for one in case.weight.scan.packages if one.type == "generic" and one.name in {"go", "jdk", "rust"}]
    named = ", ".join(one.name for one in sorted(tools, key=lambda one: -one.bytes)[:3])
    what = f"compilers and headers are in it, which the app doesn't need to run{f': {named}, ...' if named else ''}"
    how = ("build in a first stage (`FROM ... AS build`), and `COPY --from=build` the result into a small last one",)
    if sibling and not sibling[1].scan.surface.compilers:
        name, other = sibling
        yield Advice("multi-stage", case.weight.size - other.size, "exactly", f"{what}; the variant {name} does without", how)
    elif (saves := sum(one.bytes for one in tools)) >= WORTH:
        yield Advice("multi-stage", saves, "at least", what, how)


def smaller_base(case: Case) -> Iterator[Advice]:
    """A system that the app may not need. Where a sibling shows that it works without, the number is exact."""
    weight = case.weight
    surface = weight.scan.surface
    if surface.compilers:
        return
    sibling = case.smallest_sibling()
    if sibling and weight.size - sibling[1].size >= WORTH_A_BASE:
        name, other = sibling
        yield Advice("smaller base", weight.size - other.size, "exactly", "another variant passes the same checks", (f"use the variant {name}",))
        return
    if not sibling and (surface.shells or surface.package_managers):
        saves = weight.scan.classes["os"] + weight.scan.classes["docs"]
        if saves >= WORTH_A_BASE:
            what = "it has a shell or a package manager, and the packages of a whole system"
            yield Advice("smaller base", saves, "at most", what, (f"let the last stage stand on {_base(case)}, and see whether the checks still pass",))


def recommended(case: Case) -> Iterator[Advice]:
    """Packages that nothing needs, and only a recommendation brought."""
    names = set(case.weight.scan.recommended)
    there = [one for one in case.weight.scan.packages if one.type == "deb" and one.name in names]
    saves = sum(one.bytes for one in there)
    if saves >= WORTH:
        what = f"{len(there)} package{'' if len(there) == 1 else 's'} came only as recommendations: {_listed([one.name for one in there])}"
        yield Advice("no recommends", saves, "about", what, (f"{case.where('apt-get install', 'apt install')}apt-get install --no-install-recommends",))


def lists(case: Case) -> Iterator[Advice]:
    """What package managers leave, to be removed in the step that brought it: later it would only be hidden."""
    for kind, remedy in _LISTS.items():
        places = [one for one in case.weight.scan.leftovers if one.kind == kind]
        saves = sum(one.bytes for one in places)
        if saves >= WORTH:
            where = case.where(*(("apk",) if "apk" in kind else ("dnf",) if "dnf" in kind else ("apt",) if "apt" in kind else ("/tmp",)))
            what = f"{kind} are left in {_listed([one.path for one in places])}"
            yield Advice("same layer", saves, "exactly", what, (f"{where}end the same RUN with `&& {remedy}`",))


def caches(case: Case) -> Iterator[Advice]:
    """Caches that a step filled, to be kept in a mount."""
    for kind, mount in _CACHES.items():
        places = [one for one in case.weight.scan.leftovers if one.kind == kind]
        saves = sum(one.bytes for one in places)
        if saves >= WORTH:
            tool = kind.split()[0]
            what = f"the {kind} is in the image: {_listed([one.path for one in places])}"
            yield Advice("cache mount", saves, "exactly", what, (f"{case.where(f'{tool} ')}RUN {mount} ...",))


def strip(case: Case) -> Iterator[Advice]:
    """Symbols and debugging data of the app's own programs; interpreters that came as they are stay so."""
    foreign = {one.path for one in case.weight.scan.packages if one.type == "generic"}
    programs = [one for one in case.weight.scan.unstripped if one.path not in foreign]
    saves = sum(one.bytes for one in programs)
    if saves < WORTH:
        return
    go = {one.path for one in case.weight.scan.packages if one.type == "golang"}
    how = 'go build -ldflags="-s -w"' if all(one.path in go for one in programs) else "strip it in the stage that builds it, or link with -s"
    yield Advice("strip", saves, "about", f"symbols and debugging data in {_listed([one.path for one in programs])}", (how,))


def ignore(case: Case) -> Iterator[Advice]:
    """What the context shouldn't have sent."""
    for kind in _COPIED:
        places = [one for one in case.weight.scan.leftovers if one.kind == kind]
        saves = sum(one.bytes for one in places)
        if places and (saves >= WORTH or "history" in kind or kind == ".env file"):
            names = sorted({_pattern(one.path) for one in places})
            what = f"{kind} was copied into it: {_listed([one.path for one in places])}"
            yield Advice("dockerignore", saves, "exactly", what, (f".dockerignore: {' '.join(names)}",))


def overwritten(case: Case) -> Iterator[Advice]:
    """Bytes in lower layers that nothing shows any more. Only for what the store counts in bytes: blocks differ by their nature."""
    weight = case.weight
    saves = weight.waste - weight.scan.links
    if weight.store == "containerd" or saves < WORTH * 10:
        return
    removers = [(layer, line) for layer, line in case.own_layers() if _REMOVES.search(layer.instruction)]
    if not removers:
        return  # it is the base's own, or what any change of a package list costs
    what = "lower layers hold what later ones overwrote or deleted; it is stored and pulled all the same"
    how = [f"{f'line {line}: ' if line else ''}{layer.instruction[:70]}" for layer, line in removers[:3]]
    how.append("do that in the RUN that brings the files, and copy with `COPY --chown=... --chmod=...`")
    yield Advice("same layer", saves, "at most", what, tuple(how), "waste")


def safer(case: Case) -> Iterator[Advice]:
    """What saves no bytes and matters all the same."""
    weight = case.weight
    for finding in weight.all_secrets[:5]:
        how = ("give it to the step as a build secret (`RUN --mount=type=secret`), or to the container when it runs; what was in an image must be renewed",)
        yield Advice("secret", 0, "exactly", f"{finding.kind} in {finding.path}", how)
    if weight.config.runs_as_root:
        yield Advice("user", 0, "exactly", "it runs as root", ("USER 65532:65532",))
    if weight.scan.surface.setuid and not weight.config.runs_as_root:
        count = len(weight.scan.surface.setuid)
        what = f"{count} program{'' if count == 1 else 's'} with setuid or setgid can make the user root: {_listed(list(weight.scan.surface.setuid))}"
        yield Advice("setuid", 0, "exactly", what, ("run it with no-new-privileges, or take a base without them",))


RULES: tuple[Callable[[Case], Iterator[Advice]], ...] = (multi_stage, smaller_base, recommended, lists, caches, strip, ignore, overwritten, safer)


def _base(case: Case) -> str:
    """The distroless base that fits what is in the image."""
    types = {one.type for one in case.weight.scan.packages if one.type not in {"deb", "apk"}}
    names = {(one.type, one.name) for one in case.weight.scan.packages}
    interpreters = " ".join(case.weight.scan.surface.interpreters)
    if ("generic", "node") in names or "node" in interpreters.split("/"):
        return "gcr.io/distroless/nodejs24-debian13"
    if "pypi" in types or ("generic", "python") in names:
        return "gcr.io/distroless/python3-debian13"
    if "maven" in types or ("generic", "jdk") in names or ("generic", "jre") in names:
        return "gcr.io/distroless/java21-debian13"
    if types == {"golang"}:
        return "gcr.io/distroless/static-debian13, or on scratch"
    return "gcr.io/distroless/cc-debian13, or on scratch if the program is static"


def _pattern(path: str) -> str:
    """What a .dockerignore says to leave out a path of the image, wherever in the context it lies."""
    return f"**/{path.rpartition('/')[2]}"


def _listed(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
