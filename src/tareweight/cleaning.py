"""Removing what Tareweight made, and nothing else."""

from __future__ import annotations

import shutil

from tareweight.build.plan import TARGET_LABEL, image_name
from tareweight.engine.client import connect, labelled
from tareweight.process import run
from tareweight.project import Project


def clean(project: Project) -> list[str]:
    """Remove the images that were built for the chosen targets: their own tags (`<variant>` and `<variant>-*`), and what rebuilds left without a name.

    Their label tells them. Without a choice of variant, those of an app's former variants go too, and without any choice `.tare/`. An
    image that another tag holds stays under that tag.
    """
    connect()
    chosen = {image_name(project.settings, read.target) for read in project.reads}
    apps = {name.rpartition(":")[0] for name in chosen} if not project.wishes.variants else set()
    told: list[str] = []
    for image_id, names, built_as in sorted(labelled(TARGET_LABEL), key=lambda one: (one[2], one[1])):
        if built_as not in chosen and built_as.rpartition(":")[0] not in apps:
            continue
        ours = [name for name in names if name == built_as or name.startswith(f"{built_as}-")]
        for name in ours if names else [image_id]:
            what = name if names else f"a former {built_as} ({image_id.partition(':')[2][:12]})"
            done = run(["docker", "image", "rm", name], check=False)
            told.append(f"removed {what}" if done.code == 0 else f"kept {what}: {done.stderr.strip().splitlines()[-1]}")
    if not project.wishes.apps and not project.wishes.variants:
        tare = project.settings.tare
        if tare.is_symlink():  # what it leads to is somebody else's
            return [*told, f"kept {tare}: it is a link"]
        started = tare / "engine"
        for entry in sorted(tare.iterdir()) if tare.is_dir() else ():
            if entry != started:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        told.append(f"emptied {tare}")
    return told
