"""A bill of materials as SPDX 2.3, in JSON."""

from __future__ import annotations

import json
import re

from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)

from tareweight import __version__
from tareweight.sbom.bill import Bill, Part

_DOCUMENT = "SPDXRef-DOCUMENT"
_PURPOSES = {
    "application": PackagePurpose.APPLICATION,
    "container": PackagePurpose.CONTAINER,
    "library": PackagePurpose.LIBRARY,
    "operating-system": PackagePurpose.OPERATING_SYSTEM,
}


def write(bill: Bill) -> str:
    """The document, indented."""
    image = _package(bill.image)
    packages = [_package(part) for part in bill.parts]
    described = Relationship(_DOCUMENT, RelationshipType.DESCRIBES, image.spdx_id)
    contained = [Relationship(image.spdx_id, RelationshipType.CONTAINS, package.spdx_id) for package in packages]
    document = Document(_creation(bill), packages=[image, *packages], relationships=[described, *contained])
    return json.dumps(DocumentConverter().convert(document), indent=2)


def _creation(bill: Bill) -> CreationInfo:
    """Who made the document, and when. The namespace is of the form that the specification gives those without a website."""
    name = f"{bill.image.name}:{bill.image.version}" if bill.image.version else bill.image.name
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", name)[:100]
    return CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name=name,
        document_namespace=f"https://spdx.org/spdxdocs/{slug}-{bill.uuid}",
        creators=[Actor(ActorType.TOOL, f"tareweight-{__version__}")],
        created=bill.timestamp,
    )


def _package(part: Part) -> Package:
    """SPDX has no properties: what CycloneDX has there is the comment, one line each."""
    references = [ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", part.purl.to_string())] if part.purl else []
    return Package(
        spdx_id=f"SPDXRef-{part.ref}",
        name=part.full_name,
        version=part.version or None,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_concluded=SpdxNoAssertion(),
        license_declared=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        supplier=SpdxNoAssertion(),
        comment="\n".join(f"{name}={value}" for name, value in part.properties) or None,
        external_references=references,
        primary_package_purpose=_PURPOSES[part.kind],
    )
