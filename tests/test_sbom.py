"""Bills of materials: valid by the formats' own validators, whatever the image says of itself."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from tests.making import weight

from tareweight import sbom
from tareweight.errors import BadInput
from tareweight.sbom.purl import purl
from tareweight.scale.weight import Package, Weight

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)
PACKAGES = [
    Package("deb", "libc6", "2.41-12", 12_000_000, 300, source="glibc"),
    Package("deb", "tzdata", "2025b-4", 1_000, 2),
    Package("pypi", "Zope.Interface", "7.2", 500, 9, "/venv/lib/python3.13/site-packages"),
    Package("npm", "@babel/core", "7.26.0", 700, 5, "/app/node_modules/@babel/core"),
    Package("npm", "ms", "2.1.3", 70, 3, "/app/node_modules/ms"),
    Package("npm", "ms", "2.1.3", 70, 3, "/app/node_modules/debug/node_modules/ms"),
    Package("golang", "example.com/Calculator", "(devel)", 2_000_000, 1, "/calculator"),
    Package("golang", "golang.org/x/text", "v0.21.0", 0, 0, "/calculator"),
    Package("golang", "stdlib", "1.24.4", 0, 0, "/calculator"),
    Package("maven", "org.slf4j:slf4j-api", "2.0.16", 60_000, 1, "/app/slf4j-api.jar"),
    Package("maven", "Launcher", "", 3_000, 1, "/app/Launcher.jar"),
    Package("generic", "node", "22.11.0", 110_000_000, 1, "/usr/local/bin/node"),
]


def document(format: str, weighed: Weight, *, name: str = "tareweight/calculator", version: str = "single", timestamp: datetime = MOMENT) -> Any:
    """The document as JSON values, once the format's own validator has passed it."""
    text = sbom.document(weighed, name=name, version=version, format=format, timestamp=timestamp)
    told = json.loads(text)
    if format == "cyclonedx":
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    else:
        assert validate_full_spdx_document(JsonLikeDictParser().parse(told), "SPDX-2.3") == []
    return told


def image(packages: Sequence[Package] = PACKAGES, **scanned: object) -> Weight:
    return weight(150_000_000, packages=packages, **{"os": "debian 13", **scanned})  # type: ignore[arg-type]


def locators(told: Any) -> list[str]:
    return [one["referenceLocator"] for package in told["packages"] for one in package.get("externalRefs", [])]


@pytest.mark.parametrize(
    ("type", "name", "version", "expected"),
    [
        ("deb", "libstdc++6", "1:14.2.0-19", "pkg:deb/debian/libstdc%2B%2B6@1:14.2.0-19?distro=debian-13"),
        ("apk", "musl", "1.2.5-r1", "pkg:apk/alpine/musl@1.2.5-r1"),
        ("pypi", "Zope.Inter__face", "7.2", "pkg:pypi/zope-inter-face@7.2"),
        ("npm", "@babel/core", "7.26.0", "pkg:npm/%40babel/core@7.26.0"),
        ("npm", "ms", "2.1.3", "pkg:npm/ms@2.1.3"),
        ("golang", "github.com/BurntSushi/toml/v2", "v2.4.0+incompatible", "pkg:golang/github.com/burntsushi/toml/v2@v2.4.0%2Bincompatible"),
        ("golang", "example.com/calculator", "(devel)", "pkg:golang/example.com/calculator"),
        ("golang", "stdlib", "1.24.4", "pkg:golang/stdlib@1.24.4"),
        ("maven", "org.slf4j:slf4j-api", "2.0.16", "pkg:maven/org.slf4j/slf4j-api@2.0.16"),
        ("maven", "Launcher", "", "pkg:generic/launcher"),
        ("generic", "node", "22.11.0", "pkg:generic/node@22.11.0"),
    ],
)
def test_purl(type: str, name: str, version: str, expected: str) -> None:
    made = purl(type, name, version, os="debian 13")
    assert made is not None
    assert str(made) == expected
    assert PackageURL.from_string(expected) == made
    if name != "stdlib":  # the specification wants a namespace, and has none for Go's own library
        assert [one.message for one in made.validate(strict=True) if one.severity != "info"] == []


@pytest.mark.parametrize(
    ("os", "type", "expected"),
    [
        ("debian 13", "deb", "pkg:deb/debian/x@1?distro=debian-13"),
        ("Debian GNU/Linux 13 (trixie)", "deb", "pkg:deb/debian/x@1?distro=debian-13"),
        ("Ubuntu 24.04.1 LTS", "deb", "pkg:deb/ubuntu/x@1?distro=ubuntu-24.04.1"),
        ("Alpine Linux v3.22", "apk", "pkg:apk/alpine/x@1?distro=alpine-3.22"),
        ("wolfi 20230201", "apk", "pkg:apk/wolfi/x@1?distro=wolfi-20230201"),
        ("Debian GNU/Linux trixie/sid", "deb", "pkg:deb/debian/x@1"),
        ("Distroless", "deb", "pkg:deb/debian/x@1"),
        ("busybox and musl from Debian, not Alpine", "deb", "pkg:deb/debian/x@1"),
        ("debian 13", "apk", "pkg:apk/alpine/x@1"),
        ("", "deb", "pkg:deb/debian/x@1"),
        ("", "apk", "pkg:apk/alpine/x@1"),
    ],
)
def test_distribution_decides_the_namespace(os: str, type: str, expected: str) -> None:
    assert str(purl(type, "x", "1", os=os)) == expected


def test_source_package_is_upstream() -> None:
    assert str(purl("deb", "libc6", "2.41", source="glibc", os="debian 13")).endswith("?distro=debian-13&upstream=glibc")


@pytest.mark.parametrize("name", ["", "/", "//", "@scope/", "@/"])
def test_what_is_no_name_has_no_purl(name: str) -> None:
    assert purl("npm", name, "1") is None


def test_cyclonedx_has_every_package_with_its_bytes_and_place() -> None:
    told = document("cyclonedx", image())
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    components = [one for one in told["components"] if one["type"] != "operating-system"]
    assert len(components) == len(PACKAGES)
    [scoped] = [one for one in components if one["name"] == "core"]
    assert (scoped["group"], scoped["version"], scoped["purl"]) == ("@babel", "7.26.0", "pkg:npm/%40babel/core@7.26.0")
    properties = {one["name"]: one["value"] for one in scoped["properties"]}
    assert properties == {
        "tareweight:bytes": "700", "tareweight:files": "5", "tareweight:path": "/app/node_modules/@babel/core", "tareweight:type": "npm",
    }  # fmt: skip
    [libc] = [one for one in components if one["name"] == "libc6"]
    assert {"name": "tareweight:source", "value": "glibc"} in libc["properties"]
    assert {one["name"] for one in components if one["type"] == "application"} == {"example.com/Calculator", "node"}


def test_cyclonedx_tells_of_the_image_and_its_system() -> None:
    weighed = image()
    told = document("cyclonedx", weighed)
    container = told["metadata"]["component"]
    assert (container["type"], container["name"], container["version"]) == ("container", "tareweight/calculator", "single")
    assert {"name": "tareweight:image-id", "value": weighed.image_id} in container["properties"]
    assert told["metadata"]["timestamp"] == "2026-03-01T12:30:00+00:00"
    assert [one["name"] for one in told["metadata"]["tools"]["components"]] == ["tareweight"]
    [system] = [one for one in told["components"] if one["type"] == "operating-system"]
    assert (system["name"], system["version"]) == ("debian", "13")
    [depends] = [one["dependsOn"] for one in told["dependencies"] if one["ref"] == container["bom-ref"]]
    assert sorted(depends) == sorted(one["bom-ref"] for one in told["components"])


@pytest.mark.parametrize(
    ("os", "name", "version"),
    [("Debian GNU/Linux 13 (trixie)", "debian", "13"), ("Distroless", "Distroless", None), ("odd\x1b[1m 7", "odd 7", None)],
)
def test_the_system_has_a_release_where_it_is_a_known_one(os: str, name: str, version: str | None) -> None:
    [system] = document("cyclonedx", image([], os=os))["components"]
    assert (system["type"], system["name"], system.get("version")) == ("operating-system", name, version)


def test_spdx_has_every_package_contained_in_the_image() -> None:
    weighed = image()
    told = document("spdx", weighed)
    assert (told["spdxVersion"], told["name"]) == ("SPDX-2.3", "tareweight/calculator:single")
    assert told["creationInfo"]["created"] == "2026-03-01T12:30:00Z"
    container, system, *packages = told["packages"]
    assert container["primaryPackagePurpose"] == "CONTAINER"
    assert f"tareweight:image-id={weighed.image_id}" in container["comment"].splitlines()
    assert system["primaryPackagePurpose"] == "OPERATING_SYSTEM"
    assert len(packages) == len(PACKAGES)
    [scoped] = [one for one in packages if one["name"] == "@babel/core"]
    assert scoped["comment"].splitlines()[:3] == ["tareweight:bytes=700", "tareweight:files=5", "tareweight:path=/app/node_modules/@babel/core"]
    related = {(one["spdxElementId"], one["relationshipType"], one["relatedSpdxElement"]) for one in told["relationships"]}
    assert related == {("SPDXRef-DOCUMENT", "DESCRIBES", container["SPDXID"])} | {
        (container["SPDXID"], "CONTAINS", one["SPDXID"]) for one in [system, *packages]
    }


def test_both_formats_name_the_same_packages() -> None:
    purls = [one["purl"] for one in document("cyclonedx", image())["components"] if "purl" in one]
    assert len(purls) == len(PACKAGES)
    assert sorted(purls) == sorted(locators(document("spdx", image())))


def test_refs_are_unique_and_stay_when_something_else_comes() -> None:
    twice = Package("npm", "ms", "2.1.3", 70, 3, "/app/node_modules/ms")
    before = [one["bom-ref"] for one in document("cyclonedx", image())["components"]]
    after = [one["bom-ref"] for one in document("cyclonedx", image([twice, Package("npm", "aaa", "1", 1, 1, "/a"), *PACKAGES]))["components"]]
    assert len(set(before)) == len(before)
    assert len(set(after)) == len(after) == len(before) + 2
    assert set(before) < set(after)
    assert len(locators(document("spdx", image([twice, twice, *PACKAGES])))) == len(PACKAGES) + 2


@pytest.mark.parametrize("format", sbom.FORMATS)
def test_an_image_without_packages(format: str) -> None:
    told = document(format, weight(5))
    assert len(told.get("components", told.get("packages", [])[1:])) == 0


@pytest.mark.parametrize("format", sbom.FORMATS)
def test_same_weight_same_document(format: str) -> None:
    """In another process with other hashes, and in whatever order the packages come."""
    shuffled = random.Random(3).sample(PACKAGES, len(PACKAGES))
    program = f"import test_sbom as t; print(t.sbom.document(t.image(), name='a', version='b', format={format!r}, timestamp=t.MOMENT), end='')"
    expected = sbom.document(image(shuffled), name="a", version="b", format=format, timestamp=MOMENT)
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)}
        assert subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True).stdout == expected


def test_the_serial_number_belongs_to_the_image_and_its_name() -> None:
    serials = {
        document("cyclonedx", image())["serialNumber"],
        document("cyclonedx", weight(7))["serialNumber"],
        document("cyclonedx", image(), version="distroless")["serialNumber"],
        document("cyclonedx", image(), timestamp=MOMENT + timedelta(days=1))["serialNumber"],
    }
    assert len(serials) == 4
    assert document("spdx", image())["documentNamespace"].endswith(document("cyclonedx", image())["serialNumber"].removeprefix("urn:uuid:"))


@pytest.mark.parametrize(
    "timestamp",
    [
        MOMENT.replace(tzinfo=None),
        MOMENT.replace(microsecond=999_999),
        MOMENT.astimezone(timezone(timedelta(hours=-11))),
    ],
)
def test_one_moment_however_it_is_given(timestamp: datetime) -> None:
    for format in sbom.FORMATS:
        assert document(format, image(), timestamp=timestamp) == document(format, image())


def test_a_scan_that_was_cut_is_said() -> None:
    cut = {"name": "tareweight:complete", "value": "false"}
    assert cut in document("cyclonedx", image(complete=False))["metadata"]["component"]["properties"]
    assert cut not in document("cyclonedx", image())["metadata"]["component"]["properties"]
    assert "tareweight:complete=false" in document("spdx", image(complete=False))["packages"][0]["comment"]


HOSTILE = (
    "", " ", "/", "//", "..", "@", "@/", "@x/", ":", "a:b:c", "%", "%zz", "&=?#", "a#b?c@d/e", "pkg:npm/x", "http://x:y@z",
    "a\x00b", "\x1b[31mred\x1b[0m", "two\nlines", "\u202egnp.exe", "é😀", "\ud800", "x" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("format", sbom.FORMATS)
@pytest.mark.parametrize("type", ["deb", "apk", "pypi", "npm", "golang", "maven", "generic", "", "no type", "1"])
def test_hostile_names_give_a_valid_document(format: str, type: str) -> None:
    packages = [Package(type, name, version, 1, 1, version, name) for name in HOSTILE for version in ("", name)]
    told = document(format, image(packages, os="de\x1b[1mbian 1\n3"), name=f"\x1b{'n' * 2000}\ud800", version="\x00v")
    assert len(told.get("components", told.get("packages", [])[1:])) - 1 == len(packages)
    shown = json.dumps(told, ensure_ascii=False)
    assert not any(bad in shown for bad in ("\\u001b", "\\u0000", "\u202e", "\ud800", "[31m"))
    for locator in locators(told) if format == "spdx" else [one["purl"] for one in told["components"] if "purl" in one]:
        assert str(PackageURL.from_string(locator)) == locator


def test_unknown_format() -> None:
    with pytest.raises(BadInput, match=r"--format: unknown format 'spdxx'. Did you mean 'spdx'\?"):
        sbom.document(image(), name="a", version="b", format="spdxx", timestamp=MOMENT)


@pytest.mark.parametrize(("format", "library"), [("cyclonedx", "cyclonedx"), ("spdx", "spdx_tools"), ("spdx", "packageurl")])
def test_without_the_libraries_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, format: str, library: str) -> None:
    for module in [name for name in sys.modules if name.startswith((f"{library}.", "tareweight.sbom.")) or name == library]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(BadInput, match=rf"'{library}[\w.]*', which isn't installed. pip install 'tareweight\[sbom\]'"):
        sbom.document(image(), name="a", version="b", format=format, timestamp=MOMENT)


def test_the_libraries_are_imported_only_for_a_document() -> None:
    program = "import sys, tareweight.sbom; print(sorted({'cyclonedx', 'spdx_tools', 'packageurl', 'rdflib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"
