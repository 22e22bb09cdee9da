"""Every image that the Dockerfiles name -> where it comes from in this run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tareweight import store
from tareweight.bases.recipes import Recipe, families, find, folders
from tareweight.bases.reference import familiar, registry
from tareweight.bases.versions import Versions
from tareweight.engine.api import sdk
from tareweight.engine.client import Image, inspect
from tareweight.errors import BaseUnavailable
from tareweight.settings import Settings

FINGERPRINT = "dev.tareweight.base.fingerprint"
REACH_SECONDS = 900
"""For how long an answer (or none) of a registry is believed; --pull asks anew."""
PROBE_SECONDS = 5


@dataclass(frozen=True)
class Base:
    """An outside image as this run uses it.

    `source` is "upstream" or "debian"; `identity` is what the fingerprint holds (a digest or an image ID), empty while a
    debian base is still to be made; `context` is what its name is swapped for by `--build-context`, empty for a local image.
    """

    reference: str
    source: str
    identity: str
    context: str
    stand_in: str = ""
    recipe: Recipe | None = None

    @property
    def digest(self) -> str:
        """The digest for the OCI label: the registry's for upstream, the image ID for debian."""
        return self.identity


class Bases:
    """The bases of one run, by the reference as a Dockerfile writes it."""

    def __init__(self, found: dict[str, Base | BaseUnavailable], how: str) -> None:
        self._found = found
        self.how = how
        """One line on how the source was decided."""

    def __getitem__(self, reference: str) -> Base:
        found = self._found[familiar(reference)]
        if isinstance(found, BaseUnavailable):
            raise found
        return found

    @property
    def all(self) -> list[Base]:
        """Every base that can be had."""
        return [base for base in self._found.values() if isinstance(base, Base)]

    @property
    def pending(self) -> list[Base]:
        """The debian bases that are still to be made."""
        return [base for base in self.all if not base.identity]

    def fail(self, reference: str, error: BaseUnavailable) -> None:
        """Note that a base could not be made: its targets fail, no others."""
        self._found[reference] = error

    def refresh(self) -> None:
        """Look again at the bases that were pending."""
        made = inspect([base.recipe.tag for base in self.pending if base.recipe])
        for base in self.pending:
            if base.recipe and (image := made.get(base.recipe.tag)):
                self._found[base.reference] = _debian(base.recipe, image.id)


def resolve(references: Sequence[str], *, settings: Settings, mode: str, nearest: bool = False, pull: bool = False) -> Bases:
    """Decide for each reference. `mode` is auto, upstream or debian; `pull` asks the registries and the mirror anew."""
    names = sorted({familiar(reference) for reference in references})
    found: dict[str, Base | BaseUnavailable] = {}
    local = inspect(names) if mode != "debian" and names else {}
    if not pull:
        for name, image in local.items():
            found[name] = _local(name, image)
    open_names = [name for name in names if name not in found]
    if mode != "debian" and open_names:
        found |= _upstream(open_names, settings.tare, ask_all=mode == "upstream", pull=pull)
    for name in names:
        if name not in found and name in local:
            found[name] = _local(name, local[name])
    rest = [name for name in names if name not in found]
    if mode == "upstream":
        for name in rest:
            found[name] = BaseUnavailable(f"base {name}: no registry that has it answers", hint="Check the name and the network, or use --bases debian")
    elif rest:
        found |= _from_debian(rest, settings, nearest=nearest, pull=pull, mode=mode)
    return Bases(found, _said(mode, found))


def _local(name: str, image: Image) -> Base:
    """An image that the engine has under the very name: BuildKit finds it there itself."""
    return Base(name, "upstream", image.digests[0].partition("@")[2] if image.digests else image.id, "")


def _from_debian(names: Sequence[str], settings: Settings, *, nearest: bool, pull: bool, mode: str) -> dict[str, Base | BaseUnavailable]:
    known = families(folders(settings.root))
    versions = Versions(settings.tare, refresh=pull, ca_bundle=settings.secrets.get("ca-bundle"))
    found: dict[str, Base | BaseUnavailable] = {}
    recipes: list[Recipe] = []
    for name in names:
        try:
            recipes.append(find(name, known, versions=versions, nearest=nearest))
        except BaseUnavailable as error:
            why = "no registry that has it answers, and " if mode == "auto" else ""
            found[name] = BaseUnavailable(f"base {name}: {why}{error.what.removeprefix(f'{name}: ')}", hint=error.hint)
    images = inspect([recipe.tag for recipe in recipes])
    for recipe in recipes:
        image = images.get(recipe.tag)
        fresh = image is not None and not pull and image.labels.get(FINGERPRINT) == recipe.fingerprint
        found[recipe.reference] = _debian(recipe, image.id if image and fresh else "")
    return found


def _debian(recipe: Recipe, image_id: str) -> Base:
    return Base(recipe.reference, "debian", image_id, f"docker-image://{recipe.tag}", recipe.stand_in, recipe)


def _upstream(names: Sequence[str], tare: Path, *, ask_all: bool, pull: bool) -> dict[str, Base | BaseUnavailable]:
    """Pin what a registry answers for. Digests are kept under .tare/ until --pull, so a moved tag rebuilds nothing unasked."""
    file = tare / "bases" / "pins.json"
    kept: Any = store.read(file)
    pins: dict[str, Any] = kept if isinstance(kept, dict) else {}
    now = time.time()

    def known(name: str) -> bool:
        return not pull and known_digest(pins, name)

    def given_up(name: str) -> bool:
        silence = pins.get(f"silent {registry(name)}")
        return not ask_all and not pull and isinstance(silence, (int, float)) and 0 <= now - silence < REACH_SECONDS

    asked = [name for name in names if not known(name) and not given_up(name)]
    if asked:
        with ThreadPoolExecutor(8) as pool:
            answers = dict(zip(asked, pool.map(_distribution, asked), strict=True))
        for name, digest in answers.items():
            if digest:
                pins[name] = {"digest": digest}
                pins.pop(f"silent {registry(name)}", None)
        for name, digest in answers.items():
            if not digest and not any(answers[other] for other in asked if registry(other) == registry(name)):
                pins[f"silent {registry(name)}"] = now
        store.write(file, pins)
    return {
        name: Base(name, "upstream", pins[name]["digest"], f"docker-image://{_pinned(name, pins[name]['digest'])}")
        for name in names
        if known_digest(pins, name)
    }


def known_digest(pins: dict[str, Any], name: str) -> bool:
    """Whether a registry told a digest for `name`."""
    pin = pins.get(name)
    return isinstance(pin, dict) and isinstance(pin.get("digest"), str)


def _pinned(name: str, digest: str) -> str:
    repository = name.partition("@")[0]
    head, slash, last = repository.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def _distribution(name: str) -> str:
    """The digest that the engine learns from the registry (its own mirrors and logins count); empty where none answers."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        return str(sdk(PROBE_SECONDS).api.inspect_distribution(name)["Descriptor"]["digest"])
    except (DockerException, RequestException, KeyError, TypeError):
        return ""


def _said(mode: str, found: dict[str, Base | BaseUnavailable]) -> str:
    sources = {base.source for base in found.values() if isinstance(base, Base)}
    if mode != "auto":
        return f"bases: {mode}, as asked"
    if not found:
        return "bases: none but scratch"
    if sources == {"upstream"}:
        return "bases: upstream (local, or a registry answers)"
    if sources == {"debian"}:
        return "bases: made from Debian packages (none is local and no registry answers)"
    return "bases: " + ", ".join(f"{base.reference} {base.source}" for base in found.values() if isinstance(base, Base))


def make_all(bases: Bases, make: Callable[[Recipe], None], jobs: int) -> None:
    """Make the pending bases, `jobs` at once; one that can't be made is noted and spoils no other."""
    pending = [base for base in bases.pending if base.recipe]
    first = {base.recipe.tag: base for base in pending if base.recipe}
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        futures = {tag: pool.submit(make, base.recipe) for tag, base in first.items() if base.recipe}
    failed: dict[str, BaseUnavailable] = {}
    for tag, future in futures.items():
        error = future.exception()
        if isinstance(error, BaseUnavailable):
            failed[tag] = error
        elif error:
            raise error
    for base in pending:
        if base.recipe and base.recipe.tag in failed:
            bases.fail(base.reference, failed[base.recipe.tag])
    bases.refresh()
