"""A bill of materials as CycloneDX 1.6, in JSON."""

from __future__ import annotations

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from tareweight import __version__
from tareweight.sbom.bill import Bill, Part


def write(bill: Bill) -> str:
    """The document, indented."""
    image, parts = _component(bill.image), [_component(part) for part in bill.parts]
    tool = Component(type=ComponentType.APPLICATION, name="tareweight", version=__version__)
    document = Bom(
        serial_number=bill.uuid,
        metadata=BomMetaData(timestamp=bill.timestamp, component=image, tools=ToolRepository(components=[tool])),
        components=parts,
    )
    document.register_dependency(image, parts)
    return make_outputter(document, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)


def _component(part: Part) -> Component:
    return Component(
        bom_ref=part.ref,
        type=ComponentType(part.kind),
        group=part.group or None,
        name=part.name,
        version=part.version or None,
        purl=part.purl,
        properties=[Property(name=name, value=value) for name, value in part.properties],
    )
