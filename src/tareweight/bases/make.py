"""A recipe -> its image, by an ordinary `docker buildx build`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tareweight import store
from tareweight.bases import rootfs
from tareweight.bases.recipes import Recipe
from tareweight.errors import BaseUnavailable
from tareweight.process import CommandFailed, run

LABEL = "dev.tareweight.base"
_SAID = re.compile(r"^#\d+ \d+\.\d+ (.*\S)")
_END = 300


def make(recipe: Recipe, *, tare: Path, builder: str | None, ca_bundle: Path | None, say: Callable[[str], None], force: bool = False) -> None:
    """Make the base; `BaseUnavailable` with the end of the output where that fails. Safe to call several times at once.

    Nothing is asked first: whoever calls knows that the image is missing or stale. `force` lets no step come from BuildKit's cache.
    """
    root = rootfs.ensure(recipe.suite, tare=tare, say=say)
    log = tare / "logs" / "bases" / f"{recipe.tag.partition('/')[2].replace(':', '@')}.log"
    say(f"making base {recipe.reference} ({recipe.stand_in})")
    try:
        words = command(recipe, root, builder=builder, ca_bundle=ca_bundle, force=force)
        done = run(words, env={"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}, check=False)
    except CommandFailed as error:
        raise BaseUnavailable(f"base {recipe.reference} could not be made: {error.what}") from error
    store.write_text(log, done.stderr)
    if done.code:
        raise BaseUnavailable(f"base {recipe.reference} could not be made: {end_of(done.stderr)}", hint=f"Whole log: {log}")
    say(f"made   base {recipe.reference}")


def command(recipe: Recipe, root: str, *, builder: str | None, ca_bundle: Path | None, force: bool) -> list[str]:
    """The argv that builds the recipe on the root file system `root`. The image is loaded into the engine whatever the driver."""
    words = ["docker", "buildx", "build", "--progress", "plain", "--load", "--file", str(recipe.dockerfile), "--tag", recipe.tag]
    words += ["--build-context", f"rootfs=docker-image://{root}"]
    if recipe.target:
        words += ["--target", recipe.target]
    labels = {"fingerprint": recipe.fingerprint, "reference": recipe.reference, "stand-in": recipe.stand_in, "family": recipe.family}
    for key, value in labels.items():
        words += ["--label", f"{LABEL}.{key}={value}"]
    for key, value in recipe.args:
        words += ["--build-arg", f"{key}={value}"]
    if ca_bundle:
        words += ["--secret", f"id=ca-bundle,src={ca_bundle}"]
    if builder:
        words += ["--builder", builder]
    if force:
        words.append("--no-cache")
    return [*words, str(recipe.dockerfile.parent)]


def end_of(output: str) -> str:
    """What the failed step said last. (buildx's own last line repeats the whole RUN and not why it failed.)"""
    lines = output.splitlines()
    for line in reversed(lines):
        if line.startswith("#") and " ERROR: " in line:
            step = line.split(" ", 1)[0]
            said = [match[1] for other in lines if other.startswith(f"{step} ") and (match := _SAID.match(other))]
            telling = [text for text in said if re.search(r"\b(E:|ERR!|[Ee]rror|not found)", text)]
            return (telling or said or [line.partition(" ERROR: ")[2]])[-1][:_END]
    written = [line.strip() for line in lines if line.strip()]
    return written[-1][:_END] if written else "buildx said nothing"
