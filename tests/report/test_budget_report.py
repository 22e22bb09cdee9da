from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.making import weight

from tareweight import lock
from tareweight.budget import Result, judge, unweighed
from tareweight.catalog import Limits
from tareweight.errors import BadInput, OverBudget
from tareweight.report import budget
from tareweight.report.budget import FORMATS, failure, headline, reasons, render
from tareweight.scale.weight import Package, Place, Surface

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "budget.schema.json").read_text(encoding="utf-8"))
ICU = Package("deb", "libicu72", "72.1-6", 36_100_000, 40)
LIMITS = Limits(size=30_000_000, download=20_000_000, packages=3, growth=2.5, forbid=("root", "shell", "setuid"))
KEPT = Result("calculator", "scratch", judge(LIMITS, weight(1_600_000), 600_000, lock.entry(weight(1_600_000), None)))
FREE = Result("calculator", "single", ())
GONE = Result("web", "gone", unweighed(Limits(size=10), "there is no image: run `invoke build-all`"), weighed=False)


@pytest.fixture
def broken() -> Result:
    packages = [ICU, *(Package("npm", f"p{number}", "1", 1000 * number, 1) for number in range(6))]
    image = weight(
        61_000_000, packages=packages, surface=Surface(shells=("/bin/bash", "/bin/sh"), setuid=tuple(f"/usr/bin/s{number}" for number in range(9))),
        biggest=(Place("/app/data", 900),),
    )  # fmt: skip
    before = weight(24_900_000, surface=Surface(setuid=("/usr/bin/s1",)))
    return Result("calculator", "distroless", judge(LIMITS, image, None, lock.entry(before, None)))


def test_reasons_say_by_how_much_and_what_did_it(broken: Result) -> None:
    assert reasons([KEPT, FREE, broken]) == [
        "calculator:distroless: size 61.0 MB, 31.0 MB over the 30.0 MB allowed; since the baseline: deb:libicu72 72.1-6 (+36.1 MB), npm:p5 1 (+5.0 kB), "
        "npm:p4 1 (+4.0 kB), npm:p3 1 (+3.0 kB) and 3 more",
        "calculator:distroless: download can't be judged: the download isn't known",
        "calculator:distroless: packages 7, 4 over the 3 allowed; since the baseline: deb:libicu72 72.1-6 (+36.1 MB), npm:p5 1 (+5.0 kB), npm:p4 1 (+4.0 kB), "
        "npm:p3 1 (+3.0 kB) and 3 more",
        "calculator:distroless: size grew by 145 %, 2.5 % is allowed; since the baseline: deb:libicu72 72.1-6 (+36.1 MB), npm:p5 1 (+5.0 kB), "
        "npm:p4 1 (+4.0 kB), "
        "npm:p3 1 (+3.0 kB) and 3 more",
        "calculator:distroless: forbidden: shell (/bin/bash, /bin/sh), setuid (/usr/bin/s0, /usr/bin/s1, /usr/bin/s2, /usr/bin/s3 and 5 more)",
    ]


def test_reasons_without_a_baseline() -> None:
    image = weight(30_000_001, packages=[Package("deb", "bash", "5.2", 7_000_000, 9)], surface=Surface(shells=("/bin/sh",)))
    result = Result("a", "b", judge(Limits(size=30_000_000, forbid=("shell",)), image, None, None))
    assert reasons([result]) == ["a:b: size 30.0 MB, 1 B over the 30.0 MB allowed; the biggest: deb:bash 5.2 (7.0 MB)", "a:b: forbidden: shell (/bin/sh)"]


def test_what_is_forbidden_and_new() -> None:
    image, before = weight(5, surface=Surface(shells=("/bin/sh",))), lock.entry(weight(5), None)
    assert reasons([Result("a", "b", judge(Limits(forbid=("shell",)), image, None, before))]) == ["a:b: forbidden: shell (/bin/sh); new since the baseline"]


def test_growth_from_nothing() -> None:
    (reason,) = reasons([Result("a", "b", judge(Limits(growth=5.0), weight(9), None, lock.entry(weight(0), None)))])
    assert reason == "a:b: size grew from nothing; since the baseline: files of no package (+9 B)"


def test_headline(broken: Result) -> None:
    assert headline([KEPT, FREE]) == "Budget: 5 limits, all kept"
    assert headline([KEPT, broken]) == "Budget: 4 broken, 1 unknown of 10 limits"
    assert headline([GONE]) == "Budget: 1 unknown of 1 limit"
    assert headline([FREE]) == "No limits: app.toml has no [budget]"
    assert headline([]) == "No limits: app.toml has no [budget]"


def test_failure(broken: Result) -> None:
    assert failure([]) is None
    assert failure([KEPT, FREE]) is None
    told = failure([KEPT, broken])
    assert isinstance(told, OverBudget)
    assert told.exit_code == 4
    assert str(told).startswith("calculator:distroless: size 61.0 MB, 31.0 MB over the 30.0 MB allowed; since the baseline: deb:libicu72 72.1-6 (+36.1 MB)")
    assert str(told).endswith(". 4 more limits not kept")


def test_an_unknown_limit_is_not_kept() -> None:
    told = failure([Result("a", "b", judge(Limits(growth=5.0), weight(1), None, None))])
    assert isinstance(told, OverBudget)
    assert str(told) == "a:b: growth can't be judged: the baseline has no such target: run `invoke baseline`"


def test_a_target_that_is_not_there_is_graver_than_one_that_is_too_big(broken: Result) -> None:
    told = failure([broken, GONE])
    assert told is not None
    assert told.exit_code == 1
    assert str(told) == "web:gone: size can't be judged: there is no image: run `invoke build-all`. 5 more limits not kept"


def test_table(broken: Result) -> None:
    lines = render([KEPT, FREE, broken, GONE], "table").splitlines()
    assert lines[0] == "Budget: 4 broken, 2 unknown of 11 limits"
    cells = [" ".join(line.split()) for line in lines]
    assert "calculator:scratch size ok 1.6 MB 30.0 MB" in cells
    assert "calculator:scratch packages ok 0 3" in cells
    assert "calculator:scratch growth ok 0 % 2.5 %" in cells
    assert "calculator:scratch forbid ok none none of root, shell, setuid" in cells
    assert "calculator:distroless forbid OVER shell, setuid none of root, shell, setuid" in cells
    assert "calculator:distroless download unknown - 20.0 MB" in cells
    assert "web:gone size unknown - 10 B" in cells
    assert "without limits: calculator:single" in cells


def test_table_stays_within_100_columns(broken: Result) -> None:
    limits = Limits(forbid=("root", "shell", "package-manager", "compiler", "interpreter", "network-client", "setuid", "world-writable", "secret"))
    long = Result("a" * 60, "b" * 60, judge(limits, weight(1, user="", surface=Surface(shells=("/" + "x" * 300,), setuid=("/世界" * 80,))), None, None))
    drawn = render([long, broken], "table")
    assert max(len(line) for line in drawn.splitlines()) <= 100


def test_markdown(broken: Result) -> None:
    drawn = render([KEPT, FREE, broken], "markdown")
    assert drawn.startswith("### Budget: 4 broken, 1 unknown of 10 limits\n")
    assert re.search(r"^\| target +\| limit +\| +\| +actual \| allowed +\|$", drawn, re.MULTILINE)
    assert re.search(r"^\| calculator:distroless +\| size +\| OVER +\| +61\.0 MB \| 30\.0 MB +\|$", drawn, re.MULTILINE)
    assert "\n- calculator:distroless: size 61.0 MB, 31.0 MB over" in drawn


def test_what_an_image_says_is_harmless() -> None:
    image = weight(99, packages=[Package("npm", "a\x1b[31m|<b>\n\n# c", "1\u202e", 99, 1)], surface=Surface(shells=("/bin/\x1b]0;x\x07sh",)))
    result = Result("a", "b", judge(Limits(size=1, forbid=("shell",)), image, None, None))
    for format in FORMATS:
        drawn = render([result], format)
        assert not re.search("[\x1b\x07\u202e]", drawn)
        assert "\n# c" not in drawn
    assert "<b>" not in render([result], "markdown")
    assert reasons([result])[1] == "a:b: forbidden: shell (/bin/sh)"


def test_json(broken: Result) -> None:
    told = json.loads(render([KEPT, FREE, broken, GONE], "json"))
    jsonschema.validate(told, SCHEMA)
    assert told["kept"] is False
    kept, free, over, gone = told["targets"]
    assert (free["limits"], gone["weighed"]) == ([], False)
    assert kept["limits"][4] == {
        "limit": "forbid", "state": "ok", "allowed": ["root", "shell", "setuid"], "actual": [], "since_baseline": False, "causes": [], "reason": None
    }  # fmt: skip
    size = over["limits"][0]
    assert (size["allowed"], size["actual"], size["since_baseline"]) == (30_000_000, 61_000_000, True)
    assert size["causes"][0] == {"what": "deb:libicu72 72.1-6", "bytes": 36_100_000, "trait": None}
    assert len(size["causes"]) == 7
    assert over["limits"][4]["causes"][0] == {"what": "/bin/bash", "bytes": None, "trait": "shell"}
    assert json.loads(render([KEPT, FREE], "json"))["kept"] is True


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_to_judge(format: str) -> None:
    for results in ([], [FREE]):
        drawn = render(results, format)
        assert drawn.endswith("\n")
        assert not drawn.endswith("\n\n")


def test_an_unknown_format() -> None:
    with pytest.raises(BadInput, match=r"--format: unknown format 'csv'\. Known: json, markdown, table"):
        budget.known("csv")
