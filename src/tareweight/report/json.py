"""JSON for other programs, as `docs/compare.schema.json` describes it. `VERSION` goes up when a reader could break."""

from __future__ import annotations

import json

from tareweight.compare import Comparison, Row
from tareweight.report import since
from tareweight.scale.weight import Weight

VERSION = 2


def render(comparison: Comparison) -> str:
    """Bytes and seconds, nothing rounded; what isn't known is null."""
    document = {
        "version": VERSION,
        "tareweight": comparison.tareweight,
        "engine": comparison.engine,
        "store": comparison.store,
        "stored_bytes": comparison.stored,
        "against": comparison.against or None,
        "rows": [_row(row) for row in comparison.rows],
        "notes": [*comparison.sources, *comparison.notes],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _row(row: Row) -> dict[str, object]:
    return {
        "app": row.app,
        "variant": row.variant,
        "baseline": row.baseline,
        "image": row.image,
        "image_id": row.image_id,
        "base": {"name": row.base, "source": row.base_source or None, "stand_in": row.stand_in or None},
        "size_bytes": row.size,
        "ratio": row.ratio,
        "percent_smaller": row.percent,
        "smallest": row.smallest,
        "download_bytes": row.download,
        "tare_bytes": row.tare,
        "cargo_bytes": row.cargo,
        "unique_in_app_bytes": row.unique_in_app,
        "unique_bytes": row.unique,
        "since": since.value(row.since),
        "weight": _weight(row.weight) if row.weight else None,
        "layers": row.layers,
        "user": row.user,
        "locked": row.locked or None,
        "first_answer_seconds": row.first_answer,
        "check": {"text": row.check, "ok": row.check_ok},
        "state": row.state,
        "reason": row.reason or None,
    }


def _weight(weight: Weight) -> dict[str, object]:
    scan = weight.scan
    return {
        "files": scan.files,
        "packages": len(scan.packages),
        "layered_bytes": weight.layered,
        "waste_bytes": weight.waste,
        "link_bytes": scan.links,
        "block_bytes": scan.blocks,
        "classes": dict(scan.classes),
        "traits": list(weight.traits),
        "executables": scan.surface.executables,
        "secrets": [{"kind": finding.kind, "path": finding.path} for finding in weight.all_secrets],
        "complete": scan.complete,
    }
