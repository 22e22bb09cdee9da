"""JSON for other programs, as `docs/compare.schema.json` describes it. `VERSION` goes up when a reader could break."""

from __future__ import annotations

import json

from tareweight.compare import Comparison, Row

VERSION = 1


def render(comparison: Comparison) -> str:
    """Bytes and seconds, nothing rounded; what isn't known is null."""
    document = {
        "version": VERSION,
        "tareweight": comparison.tareweight,
        "engine": comparison.engine,
        "store": comparison.store,
        "rows": [_row(row) for row in comparison.rows],
        "notes": list(comparison.notes),
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
        "layers": row.layers,
        "user": row.user,
        "first_answer_seconds": row.first_answer,
        "check": {"text": row.check, "ok": row.check_ok},
        "state": row.state,
        "reason": row.reason or None,
    }
