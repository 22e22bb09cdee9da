"""A recipe -> its image, by an ordinary `docker buildx build`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tareweight import store
from tareweight.bases import rootfs
from tareweight.bases.recipes import Recipe
from tareweight.errors import BaseUnavailable
from tareweight.process import run

LABEL = "dev.tareweight.base"


def make(recipe: Recipe, *, tare: Path, builder: str | None, ca_bundle: Path | None, say: Callable[[str], None], force: bool = False) -> None:
    """Make the base; `BaseUnavailable` with the end of the output where that fails. Safe to call several times at once."""
    root = rootfs.ensure(recipe.suite, tare=tare, say=say)
    words = ["docker", "buildx", "build", "--progress", "plain", "--file", str(recipe.dockerfile), "--target", recipe.target, "--tag", recipe.tag]
    words += ["--build-context", f"rootfs=docker-image://{root}"]
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
    say(f"making base {recipe.reference} ({recipe.stand_in})")
    done = run([*words, str(recipe.dockerfile.parent)], env={"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}, check=False)
    log = tare / "logs" / "bases" / f"{recipe.tag.partition('/')[2].replace(':', '@')}.log"
    store.write_text(log, done.stderr)
    if done.code:
        end = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        raise BaseUnavailable(f"base {recipe.reference} could not be made: {end[0] if end else 'buildx said nothing'}", hint=f"Whole log: {log}")
    say(f"made   base {recipe.reference}")
