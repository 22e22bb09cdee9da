"""What is in an image, as a software bill of materials for the tools that read those: CycloneDX 1.6 or SPDX 2.3, in JSON.

The libraries that make the documents come with the extra `sbom`. They are imported here and nowhere else, and only when a
document is asked for.
"""

from __future__ import annotations

from datetime import datetime

from tareweight.errors import BadInput, nearest, one_line
from tareweight.scale.weight import Weight

FORMATS = ("cyclonedx", "spdx")


def document(weight: Weight, *, name: str, version: str, format: str, timestamp: datetime) -> str:
    """The bill of materials of the image `name`:`version`, with a line break at its end.

    The same arguments give the same document, byte for byte; so `timestamp` should be when the image was made, not now
    (without a zone it counts as UTC). `BadInput` for a format that isn't one of `FORMATS`, and where the libraries aren't installed.
    """
    if format not in FORMATS:
        raise BadInput(f"--format: unknown format '{one_line(format)}'", hint=nearest(format, FORMATS))
    try:
        from tareweight.sbom.bill import bill

        if format == "cyclonedx":
            from tareweight.sbom.cyclonedx import write
        else:
            from tareweight.sbom.spdx import write
    except ModuleNotFoundError as error:
        raise BadInput(f"A bill of materials needs '{error.name}', which isn't installed", hint="pip install 'tareweight[sbom]'") from error
    return write(bill(weight, name=name, version=version, timestamp=timestamp)) + "\n"
