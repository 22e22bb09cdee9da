"""Why a target's last build failed: kept under `.tare/failures/` for `compare`, which may run much later."""

from __future__ import annotations

from pathlib import Path

from tareweight import store
from tareweight.build.plan import Job


def keep(tare: Path, job: Job, why: str) -> None:
    """Keep what one line says of the failure of this very state of the target."""
    store.write(_file(tare, job), {"fingerprint": job.fingerprint, "reason": why})


def forget(tare: Path, job: Job) -> None:
    """The target is up to date now."""
    _file(tare, job).unlink(missing_ok=True)


def before(tare: Path, job: Job) -> str:
    """Why the last build of this very state of the target failed; empty where it didn't."""
    kept = store.read(_file(tare, job))
    if isinstance(kept, dict) and job.fingerprint and kept.get("fingerprint") == job.fingerprint:
        return str(kept.get("reason", ""))
    return ""


def _file(tare: Path, job: Job) -> Path:
    return tare / "failures" / f"{job.image.replace('/', '_').replace(':', '@')}.json"
