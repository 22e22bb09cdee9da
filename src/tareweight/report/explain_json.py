"""An explanation as JSON, as `docs/explain.schema.json` describes it. `VERSION` goes up when a reader could break."""

from __future__ import annotations

import json

from tareweight import __version__
from tareweight.report.explanation import SURFACE, Explanation

VERSION = 1


def render(one: Explanation) -> str:
    """All that is known, bytes unrounded; what isn't known is null."""
    weight = one.weight
    scan = weight.scan
    document = {
        "version": VERSION,
        "tareweight": __version__,
        "image": one.name,
        "image_id": weight.image_id,
        "platform": weight.platform,
        "os": scan.os or None,
        "store": weight.store,
        "size_bytes": weight.size,
        "files": scan.files,
        "layered_bytes": weight.layered,
        "waste_bytes": weight.waste,
        "base": one.base or None,
        "base_layers": one.base_layers,
        "tare_bytes": one.tare,
        "download_bytes": one.download,
        "classes": dict(scan.classes),
        "packages": [
            {"type": held.type, "name": held.name, "version": held.version, "bytes": held.bytes, "files": held.files, "path": held.path or None}
            for held in scan.packages
        ],
        "directories": [{"path": place.path, "bytes": place.bytes, "files": place.files} for place in scan.directories],
        "largest_files": [{"path": place.path, "bytes": place.bytes, "owner": place.owner or None} for place in scan.biggest],
        "dockerfile": one.dockerfile or None,
        "layers": _layers(one),
        **_surface(one),
        "leftovers": [{"kind": found.kind, "path": found.path, "bytes": found.bytes} for found in scan.leftovers],
        "unstripped": [{"kind": found.kind, "path": found.path, "bytes": found.bytes} for found in scan.unstripped],
        "advice": _advice(one),
        "stale": one.stale or None,
        "complete": scan.complete,
        "notes": list(scan.notes),
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _layers(one: Explanation) -> list[dict[str, object]]:
    lines = one.lines or (None,) * len(one.weight.layers)
    return [
        {"diff_id": layer.diff_id, "bytes": layer.bytes, "instruction": layer.instruction, "line": line}
        for layer, line in zip(one.weight.layers, lines, strict=True)
    ]


def _surface(one: Explanation) -> dict[str, object]:
    weight = one.weight
    there = weight.scan.surface
    program = weight.scan.program
    return {
        "user": weight.config.user or None,
        "locked": one.locked or None,
        "program": program and {"path": program.path, "kind": program.kind, "interpreter": program.interpreter or None, "libraries": program.libraries},
        "traits": list(weight.traits),
        "surface": {**{name: list(getattr(there, name)) for name in SURFACE}, "executables": there.executables},
        "secrets": [{"kind": found.kind, "path": found.path} for found in weight.all_secrets],
    }


def _advice(one: Explanation) -> list[dict[str, object]]:
    return [
        {
            "kind": told.kind, "saves_bytes": told.saves, "bound": told.bound, "of": told.of, "what": told.what, "how": list(told.how), "line": told.line,
        }
        for told in one.advice
    ]  # fmt: skip
