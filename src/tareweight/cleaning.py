"""Removing what Tareweight made, and nothing else."""

from __future__ import annotations

import shutil

from tareweight.build.plan import TARGET_LABEL, image_name
from tareweight.engine.client import connect, inspect
from tareweight.process import run
from tareweight.project import Project


def clean(project: Project) -> list[str]:
    """Remove the tags of the chosen targets (`<variant>` and `<variant>-*`), but only of images that carry the target's label.

    Without a choice of app or variant, `.tare/` goes too. An image that another tag holds stays under that tag.
    """
    connect()
    told: list[str] = []
    for read in project.reads:
        name = image_name(project.settings, read.target)
        repository = name.rpartition(":")[0]
        label = f"label={TARGET_LABEL}={read.target.name}"
        listed = run(["docker", "image", "ls", "--filter", label, "--format", "{{.Repository}}:{{.Tag}}", repository]).stdout.split()
        ours = [tag for tag in listed if tag == name or tag.startswith(f"{name}-")]
        for tag in ours if inspect(ours) else ():
            done = run(["docker", "image", "rm", tag], check=False)
            told.append(f"removed {tag}" if done.code == 0 else f"kept {tag}: {done.stderr.strip().splitlines()[-1]}")
    if not project.wishes.apps and not project.wishes.variants:
        tare = project.settings.tare
        started = tare / "engine"
        for entry in sorted(tare.iterdir()) if tare.is_dir() else ():
            if entry != started:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        told.append(f"emptied {tare}")
    return told
