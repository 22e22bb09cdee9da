"""apps/*/app.toml and dockerfiles/*/*.Dockerfile -> the matrix of targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tareweight.catalog.apps import App, Target, read
from tareweight.errors import BadInput, nearest
from tareweight.settings import NAME, Settings

TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_BASES = "bases"


def discover(settings: Settings) -> list[Target]:
    """Every target of the project, sorted by app; the baseline first, then by variant.

    A single-app project may keep app.toml and its Dockerfiles (`Dockerfile` or `<variant>.Dockerfile`) at its root.
    """
    root = settings.root
    files = sorted((root / "apps").glob("*/app.toml"))
    _no_strays(root, files)
    if not files and (root / "app.toml").is_file():
        return _of_app(root / "app.toml", re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "app", root, root, bare=True)
    if not files:
        raise BadInput(f"{root}: no apps", hint="Put an app.toml beside a Dockerfile, or make apps/<app>/app.toml and dockerfiles/<app>/<variant>.Dockerfile")
    targets: list[Target] = []
    for file in files:
        targets += _of_app(file, file.parent.name, root / "dockerfiles" / file.parent.name, root)
    return targets


def _of_app(file: Path, name: str, folder: Path, root: Path, *, bare: bool = False) -> list[Target]:
    if not NAME.fullmatch(name):
        raise BadInput(f"{file.parent}: '{name}' can't be an image's name", hint="Use lower-case letters, digits and single - or _ between them")
    if name == _BASES:
        raise BadInput(f"{file.parent}: an app can't be named '{_BASES}'", hint=f"dockerfiles/{_BASES}/ holds the recipes of bases; rename the app")
    app = read(file, name, root)
    found = {path.name.removesuffix(".Dockerfile"): path for path in sorted(folder.glob("*.Dockerfile"))}
    if bare and (folder / "Dockerfile").is_file():
        if app.baseline in found:
            raise BadInput(f"{folder / 'Dockerfile'}: a duplicate of {app.baseline}.Dockerfile", hint="Keep one of the two")
        found[app.baseline] = folder / "Dockerfile"
    if not found:
        raise BadInput(f"{file}: the app '{name}' has no Dockerfile", hint=f"Make {folder.relative_to(root) / ('Dockerfile' if bare else 'single.Dockerfile')}")
    for variant, path in found.items():
        _check_name(variant, str(path))
        _check_file(path, root)
    found |= _borrowed(app, file, found)
    for table, variants in (("variants", app.variant_needs), ("budget", app.variant_limits)):
        for variant in variants:
            if variant not in found:
                raise BadInput(f"{file}: {table}.{variant}: there is no such Dockerfile", hint=nearest(variant, found))
    if app.baseline not in found and app.baseline != "single":
        raise BadInput(f"{file}: baseline: there is no variant '{app.baseline}'", hint=nearest(app.baseline, found))
    order = sorted(found, key=lambda variant: (variant != app.baseline, variant))
    return [Target(app, variant, found[variant]) for variant in order]


def _check_name(variant: str, where: str) -> None:
    if not TAG.fullmatch(variant) or variant != variant.lower():
        raise BadInput(f"{where}: '{variant}' can't be an image's tag", hint="Use lower-case letters, digits, . _ and -, at most 128")


def _check_file(path: Path, root: Path) -> None:
    """`BadInput` for what leads out of the project, and for what isn't a file: a pipe would be waited for. One that can't be read fails its target alone."""
    try:
        inside = path.resolve().is_relative_to(root)
    except (OSError, RuntimeError) as error:  # a loop of links
        raise BadInput(f"{path}: a link that leads nowhere", hint="Make it a file, or remove it") from error
    if not inside:
        raise BadInput(f"{path}: leads out of the project {root}", hint="Keep Dockerfiles within the project")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise BadInput(f"{path}: not a regular file", hint="Make it a file, or remove it")


def _borrowed(app: App, file: Path, own: Mapping[str, Path]) -> dict[str, Path]:
    """The variants that are built by another's Dockerfile, with that file. `own` are the Dockerfiles that there are."""
    found = {}
    for variant, making in app.makings.items():
        if not making.source:
            continue
        _check_name(variant, f"{file}: variants")
        where = f"{file}: variants.{variant}.from"
        if variant in own:
            raise BadInput(f"{where}: there is a Dockerfile {own[variant].name}, too", hint="Keep one of the two")
        if making.source not in own:
            raise BadInput(f"{where}: there is no Dockerfile of a variant '{making.source}'", hint=nearest(making.source, own))
        found[variant] = own[making.source]
    return found


def _no_strays(root: Path, files: Sequence[Path]) -> None:
    """A folder of Dockerfiles without its app is a typing error, not something to pass over."""
    apps = {file.parent.name for file in files}
    for path in sorted((root / "dockerfiles").glob("*/*.Dockerfile")):
        name = path.parent.name
        if name not in apps and name != _BASES:
            raise BadInput(f"{path}: no app '{name}': apps/{name}/app.toml is missing", hint=nearest(name, apps) if apps else None)


def select(targets: Sequence[Target], apps: Sequence[str], variants: Sequence[str]) -> list[Target]:
    """The targets of the named apps and variants (all where none is named). `BadInput` for an unknown name."""
    for app in apps:
        if app not in (known := {target.app.name for target in targets}):
            raise BadInput(f"--app {app}: unknown app", hint=nearest(app, known))
    chosen = [target for target in targets if not apps or target.app.name in apps]
    for variant in variants:
        if variant not in (known := {target.variant for target in chosen}):
            raise BadInput(f"--variant {variant}: unknown variant", hint=nearest(variant, known))
    return [target for target in chosen if not variants or target.variant in variants]
