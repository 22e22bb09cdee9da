from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tests.making import weight

from tareweight.compare import Measured, compare
from tareweight.scale.weight import CLASSES, Package, Surface
from tareweight.story import Step, steps

KNOWN: dict[str, Any] = {
    "app": "a", "baseline": "single", "base_source": "debian", "stand_in": "", "tare": None, "download": None, "layers": 2, "user": "", "image_id": "sha256:1",
    "first_answer": 0.1, "check": "ok 2/2", "check_ok": True, "locked": "yes", "reason": "", "state": "fresh",
}  # fmt: skip
GCC, LIBC = Package("deb", "gcc-14", "14.2", 300, 9), Package("deb", "libc6", "2.41", 80, 9)


def classes(**bytes_: int) -> dict[str, int]:
    return {**dict.fromkeys(CLASSES, 0), **bytes_}


FULL = weight(
    400, user="", packages=[GCC, LIBC], classes=classes(runtime=300, os=80, app=20), surface=Surface(shells=("/bin/bash",), compilers=("/usr/bin/gcc",))
)
SMALL = weight(100, packages=[LIBC], classes=classes(os=80, app=20))
TINY = weight(20, classes=classes(app=20))


def told(twins: Mapping[str, str] = MappingProxyType({}), **variants: Any) -> list[Step]:
    measured = [
        Measured(variant=name, image=f"t/a:{name}", base="scratch" if name == "scratch" else "debian:13", weight=one, **(KNOWN | more))
        for name, (one, more) in variants.items()
    ]
    return list(steps(compare(measured, baseline=None, sort=None, engine="", store="classic").rows, twins))


def test_from_the_baseline_to_the_smallest() -> None:
    first, second, third = told(scratch=(TINY, {}), single=(FULL, {"locked": "as 65532"}), multistage=(SMALL, {}))
    assert first.title == "a, single on debian:13: 400 B"
    assert first.lines[0] == "#" * 40
    assert "It holds 300 B of language runtime or toolchain, 80 B of OS packages, 20 B of the app's own files." in first.lines
    assert "For an attacker there is: root, shell, compiler." in first.lines
    assert first.lines[-1] == "Does it still work? ok 2/2; locked down: as 65532."
    assert second.title == "a, multistage on debian:13: 100 B, 4.0x smaller than single"
    assert second.lines[0].count("#") == 10
    assert "Gone: 1 package, 300 B: gcc-14 300 B." in second.lines
    assert "No longer there for an attacker: root, shell, compiler." in second.lines
    assert any(line.startswith("The compiler was needed to build") for line in second.lines)
    assert third.title == "a, scratch on scratch: 20 B, 5.0x smaller than multistage, 20.0x smaller than single"
    assert any("no operating system" in line for line in third.lines)
    assert third.lines[-1] == "Does it still work? ok 2/2, and locked down too."


def test_what_comes_back_is_said() -> None:
    with_shell = weight(120, packages=[LIBC, GCC], surface=Surface(shells=("/busybox/sh",)))
    _, after = told(single=(SMALL, {}), debug=(with_shell, {"check_ok": False, "check": "failed 1/2"}))
    assert "1.2x larger than single" in after.title
    assert "New: 1 package, 300 B: gcc-14 300 B." in after.lines
    assert "There again for an attacker: shell." in after.lines
    assert after.lines[-1].startswith("Does it still work? failed 1/2")


def test_an_image_that_was_not_weighed_has_no_step() -> None:
    assert [step.title for step in told(single=(None, {}), scratch=(TINY, {}))] == ["a, scratch on scratch: 20 B"]


def test_an_empty_image_bears_it() -> None:
    assert told(single=(weight(0), {}))[0].lines[0].count("#") == 1


def test_a_twin_is_told_after_the_image_that_it_is_made_like() -> None:
    with_shell = weight(120, packages=[LIBC, GCC], surface=Surface(shells=("/busybox/sh",)))
    twins = {"a:debug": "a:distroless", "a:lone": "a:gone", "a:single": "a:scratch"}
    found = told(twins, single=(FULL, {}), debug=(with_shell, {}), distroless=(SMALL, {}), scratch=(TINY, {}), lone=(TINY, {}))
    assert [step.title.partition(" on ")[0] for step in found] == ["a, single", "a, distroless", "a, debug", "a, scratch", "a, lone"]
    assert "1.2x larger than distroless" in found[2].title
    assert "There again for an attacker: shell." in found[2].lines
    assert "5.0x smaller than distroless" in found[3].title
