from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.making import weight

from tareweight import lock
from tareweight.budget import BIGGEST, Cause, Judgement, Result, judge, unweighed
from tareweight.catalog import Limits
from tareweight.catalog.limits import TRAITS
from tareweight.lock import Entry
from tareweight.scale.weight import Finding, Package, Place, Surface, Weight

LIBC = Package("deb", "libc6", "2.41-12", 13_000_000, 300)
ICU = Package("deb", "libicu72", "72.1-6", 36_100_000, 40)


def then(size: int, *packages: Package, download: int | None = None, **more: Any) -> Entry:
    return lock.entry(weight(size, packages=packages, **more), download)


def one(limits: Limits, image: Weight, *, download: int | None = None, before: Entry | None = None) -> Judgement:
    (judgement,) = judge(limits, image, download, before)
    return judgement


def test_no_limits() -> None:
    assert judge(Limits(), weight(10), 5, None) == ()


def test_each_limit_has_a_judgement_in_the_order_of_app_toml() -> None:
    limits = Limits(size=10, download=5, packages=0, growth=0, forbid=("root", "shell"))
    found = judge(limits, weight(10), 5, then(10))
    assert [(each.limit, each.state, each.allowed, each.actual) for each in found] == [
        ("size", "ok", 10, 10),
        ("download", "ok", 5, 5),
        ("packages", "ok", 0, 0),
        ("growth", "ok", 0, 0),
        ("forbid", "ok", ("root", "shell"), ()),
    ]
    assert not Result("a", "b", found).broken


@pytest.mark.parametrize(("size", "state"), [(99, "ok"), (100, "ok"), (101, "over")])
def test_a_limit_itself_is_allowed(size: int, state: str) -> None:
    assert one(Limits(size=100), weight(size)).state == state


def test_without_a_baseline_the_biggest_are_behind_it() -> None:
    files = (Place("/app/model.bin", 20_000_000), Place("/usr/lib/libc.so", 9, owner="deb:libc6"), Place("/app/small", 8))
    found = one(Limits(size=10), weight(70_000_000, packages=(LIBC, ICU), biggest=files))
    assert found.causes == (
        Cause("deb:libicu72 72.1-6", 36_100_000),
        Cause("/app/model.bin", 20_000_000),
        Cause("deb:libc6 2.41-12", 13_000_000),
        Cause("/app/small", 8),
    )
    assert not found.since
    assert found.excess == 69_999_990


def test_the_biggest_are_few() -> None:
    packages = [Package("npm", f"p{number}", "1", number, 1) for number in range(50)]
    causes = one(Limits(packages=49), weight(0, packages=packages)).causes
    assert len(causes) == BIGGEST
    assert causes[0] == Cause("npm:p49 1", 49)


def test_since_a_baseline_that_was_within_the_limit_it_is_what_came() -> None:
    dropped, grown = Package("deb", "tar", "1", 7_000_000, 1), LIBC._replace(version="2.41-13", bytes=13_500_000)
    image = weight(64_600_000, packages=(ICU, grown), biggest=(Place("/app/model.bin", 20_000_000),))
    found = one(Limits(size=50_000_000), image, before=then(30_000_000, LIBC, dropped))
    assert found.since
    assert found.causes == (
        Cause("deb:libicu72 72.1-6", 36_100_000),
        Cause("files of no package (the biggest is /app/model.bin)", 5_000_000),
        Cause("deb:libc6 2.41-12 -> 2.41-13", 500_000),
    )
    assert sum(cause.bytes or 0 for cause in found.causes) - 7_000_000 == 64_600_000 - 30_000_000


def test_since_a_baseline_that_was_over_already_the_biggest_are_behind_it() -> None:
    found = one(Limits(size=10), weight(40_000_000, packages=(LIBC,)), before=then(39_000_000, LIBC))
    assert (found.since, found.causes) == (False, (Cause("deb:libc6 2.41-12", 13_000_000),))


def test_packages() -> None:
    image, before = weight(60_000_000, packages=(ICU, LIBC)), then(13_000_000, LIBC._replace(bytes=12_000_000))
    found = one(Limits(packages=1), image, before=before)
    assert (found.state, found.actual, found.since) == ("over", 2, True)
    assert found.causes == (Cause("deb:libicu72 72.1-6", 36_100_000),)
    twice = Package("npm", "lodash", "1", 5, 1)
    assert one(Limits(packages=1), weight(10, packages=(twice, twice))).actual == 2


def test_download() -> None:
    found = one(Limits(download=10), weight(60_000_000, packages=(ICU,)), download=11, before=then(1, download=10))
    assert (found.state, found.actual, found.since, found.causes[0].what) == ("over", 11, True, "deb:libicu72 72.1-6")
    assert not one(Limits(download=10), weight(60, packages=(ICU,)), download=11, before=then(1)).since


def test_a_download_that_is_not_known_is_not_kept() -> None:
    found = one(Limits(download=10), weight(1))
    assert (found.state, found.actual, found.why) == ("unknown", None, "the download isn't known")
    assert Result("a", "b", (found,)).broken == (found,)


@pytest.mark.parametrize(
    ("size", "allowed", "state", "actual"),
    [(1050, 5, "ok", 5), (1051, 5, "over", 5.1), (900, 5, "ok", -10), (1000, 0, "ok", 0), (1001, 0, "over", 0.1), (2000, 99.5, "over", 100)],
)
def test_growth(size: int, allowed: float, state: str, actual: float) -> None:
    found = one(Limits(growth=allowed), weight(size), before=then(1000))
    assert (found.state, found.since) == (state, state == "over")
    assert found.actual == pytest.approx(actual)


def test_growth_names_the_packages() -> None:
    found = one(Limits(growth=5), weight(60_000_000, packages=(LIBC, ICU)), before=then(23_900_000, LIBC))
    assert found.causes == (Cause("deb:libicu72 72.1-6", 36_100_000),)


def test_growth_from_nothing() -> None:
    assert one(Limits(growth=5), weight(0), before=then(0)).state == "ok"
    found = one(Limits(growth=5), weight(1), before=then(0))
    assert (found.state, found.actual, found.excess) == ("over", None, None)


def test_growth_without_a_baseline_is_not_kept() -> None:
    found = one(Limits(growth=5), weight(1))
    assert (found.state, found.why) == ("unknown", "the baseline has no such target: run `invoke baseline`")


def test_a_baseline_of_another_platform_is_not_compared_with() -> None:
    before = replace(then(10, LIBC), platform="linux/arm64")
    size, growth = judge(Limits(size=10, growth=5), weight(40_000_000, packages=(ICU, LIBC)), None, before)
    assert (size.since, len(size.causes)) == (False, 2)
    assert (growth.state, growth.why) == ("unknown", "the baseline is of linux/arm64, the image of linux/amd64")


@pytest.mark.parametrize("word", TRAITS)
def test_every_word_can_be_forbidden_and_names_what_bears_it(word: str) -> None:
    surface = Surface(
        shells=("/bin/sh",), package_managers=("/usr/bin/apt",), compilers=("/usr/bin/gcc",), interpreters=("/usr/bin/perl",),
        network_clients=("/usr/bin/curl",), setuid=("/usr/bin/su",), world_writable=("/srv",),
    )  # fmt: skip
    bad = weight(1, surface=surface, user="", secrets=(Finding("private key", "/root/id_rsa", 5),))
    found = one(Limits(forbid=(word,)), bad)
    (cause,) = found.causes
    assert (found.state, found.actual, cause.trait) == ("over", (word,), word)
    wanted = {
        "root": "no USER is set", "shell": "/bin/sh", "package-manager": "/usr/bin/apt", "compiler": "/usr/bin/gcc", "interpreter": "/usr/bin/perl",
        "network-client": "/usr/bin/curl", "setuid": "/usr/bin/su", "world-writable": "/srv", "secret": "/root/id_rsa (private key)",
    }  # fmt: skip
    assert cause.what == wanted[word]
    assert one(Limits(forbid=tuple(other for other in TRAITS if other != word)), bad).actual == tuple(other for other in TRAITS if other != word)
    assert one(Limits(forbid=(word,)), weight(1)).state == "ok"


def test_root_by_name() -> None:
    assert one(Limits(forbid=("root",)), weight(1, user="0:0")).causes == (Cause("USER 0:0", trait="root"),)


def test_what_is_forbidden_and_new_comes_with_the_packages_that_are_new() -> None:
    shell = Surface(shells=("/bin/sh",), setuid=("/usr/bin/su",))
    dash = Package("deb", "dash", "0.5", 100_000, 5)
    image = weight(13_100_000, packages=(LIBC, dash), surface=shell)
    found = one(Limits(forbid=("shell",)), image, before=then(13_000_000, LIBC))
    assert (found.since, found.causes) == (True, (Cause("/bin/sh", trait="shell"), Cause("deb:dash 0.5", 100_000)))
    found = one(Limits(forbid=("shell",)), image, before=then(13_000_000, LIBC, surface=shell))
    assert (found.since, found.causes) == (False, (Cause("/bin/sh", trait="shell"),))


def test_an_image_that_was_not_seen_whole_keeps_no_limit_of_what_is_counted() -> None:
    limits = Limits(size=10, download=5, packages=0, growth=5, forbid=("shell",))
    found = judge(limits, weight(10, complete=False), 5, then(10))
    assert [each.state for each in found] == ["unknown", "ok", "unknown", "unknown", "unknown"]
    assert {each.why for each in found if each.state == "unknown"} == {"the image was not seen whole"}
    over = judge(limits, weight(20, complete=False, packages=(LIBC,), surface=Surface(shells=("/bin/sh",))), 9, then(10))
    assert {each.state for each in over} == {"over"}


def test_what_has_no_weight() -> None:
    found = unweighed(Limits(size=0, growth=5.0, forbid=("shell",)), "no image")
    assert [(each.limit, each.state, each.allowed, each.actual, each.why) for each in found] == [
        ("size", "unknown", 0, None, "no image"),
        ("growth", "unknown", 5.0, None, "no image"),
        ("forbid", "unknown", ("shell",), None, "no image"),
    ]
    assert unweighed(Limits(), "no image") == ()
