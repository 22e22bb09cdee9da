from __future__ import annotations

from pathlib import Path

import pytest

from tareweight.catalog import Limits, Target, discover
from tareweight.catalog.limits import TRAITS
from tareweight.errors import BadInput
from tareweight.scale import weight
from tareweight.settings import Settings


def targets(root: Path, text: str) -> dict[str, Target]:
    """The targets of an app with the variants single and distroless."""
    (root / "apps" / "a").mkdir(parents=True)
    (root / "dockerfiles" / "a").mkdir(parents=True)
    (root / "apps" / "a" / "app.toml").write_text(text)
    for variant in ("single", "distroless"):
        (root / "dockerfiles" / "a" / f"{variant}.Dockerfile").write_text("FROM scratch")
    return {target.variant: target for target in discover(Settings(root.resolve()))}


def test_the_words_are_the_scale_s() -> None:
    assert TRAITS == weight.TRAITS


def test_no_budget_is_no_limit(tmp_path: Path) -> None:
    assert {target.limits for target in targets(tmp_path, "").values()} == {Limits()}


def test_a_variant_s_keys_stand_over_the_app_s_one_by_one(tmp_path: Path) -> None:
    found = targets(
        tmp_path,
        """
[budget]
size = "30MB"
packages = 20
growth = "2.5%"
forbid = ["setuid", "shell"]

[budget.single]
size = "none"
packages = "none"
growth = "none"
download = "1.5 GB"
forbid = []
""",
    )
    assert found["distroless"].limits == Limits(size=30_000_000, packages=20, growth=2.5, forbid=("shell", "setuid"))
    assert found["single"].limits == Limits(download=1_500_000_000)


def test_a_variant_alone(tmp_path: Path) -> None:
    found = targets(tmp_path, '[budget.distroless]\nforbid = ["root"]\n')
    assert found["single"].limits == Limits()
    assert found["distroless"].limits == Limits(forbid=("root",))


@pytest.mark.parametrize(
    ("written", "size"),
    [("0B", 0), ("900kB", 900_000), ("12MB", 12_000_000), ("12 MB", 12_000_000), ("1.5GB", 1_500_000_000), ("0.0005kB", 0), ("0.123456789GB", 123_456_789)],
)
def test_sizes(tmp_path: Path, written: str, size: int) -> None:
    assert targets(tmp_path, f'budget.size = "{written}"')["single"].limits.size == size


@pytest.mark.parametrize(("written", "growth"), [("0%", 0), ("5%", 5), ("5 %", 5), ("0.125%", 0.125), ("250%", 250)])
def test_growth(tmp_path: Path, written: str, growth: float) -> None:
    assert targets(tmp_path, f'budget.growth = "{written}"')["single"].limits.growth == growth


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('size = "12MiB"', """:2: budget.size: '12MiB' is in powers of two. Sizes are told in powers of ten here: write "12.6MB\""""),
        ('download = "0.5GiB"', 'write "536.9MB"'),
        ('size = "12"', ":2: budget.size: '12' has no unit. Write it as in \"12MB\""),
        ('size = "12mb"', "'12mb' has the unknown unit 'mb'"),
        ('size = "12TB"', "unknown unit 'TB'"),
        ("size = 12", "budget.size: 12 is not a size"),
        ('size = "-1MB"', "'-1MB' is not a size"),
        ('size = "1e3MB"', "'1e3MB' is not a size"),
        ('size = "MB"', "'MB' is not a size"),
        ('size = "١MB"', "is not a size"),
        ("size = true", "budget.size: True is not a size"),
        ('size = ""', "'' is not a size"),
        ('size = { max = "1MB" }', "is not a size"),
        ('download = ["1MB"]', "budget.download: ['1MB'] is not a size"),
        ('packages = "many"', "budget.packages: should be a whole number, not a string"),
        ("packages = -1", "budget.packages: -1 is out of range"),
        ("packages = 1.5", "should be a whole number"),
        ("packages = true", "should be a whole number"),
        ("growth = 5", "budget.growth: 5 is not a percentage. Write it as in \"5%\""),
        ('growth = "5"', "'5' is not a percentage"),
        ('growth = "-5%"', "'-5%' is not a percentage"),
        ('growth = "5MB"', "'5MB' is not a percentage"),
        ('forbid = ["shel"]', "budget.forbid: 'shel' is nothing that can be forbidden. Did you mean 'shell'?"),
        ('forbid = ["zzz"]', "Known: compiler, interpreter,"),
        ('forbid = "shell"', "budget.forbid: should be a list of strings, not a string"),
        ("forbid = [1]", "should be a list of strings"),
        ('szie = "1MB"', ":2: budget.szie: unknown key. Did you mean 'size'?"),
        ('[budget.single]\nszie = "1MB"', ":3: budget.single.szie: unknown key. Did you mean 'size'?"),
        ('[budget.single]\nsize = "1 parsec"', ":3: budget.single.size: '1 parsec' has the unknown unit 'parsec'"),
        ('[budget.single.size]\nmost = "1MB"', "budget.single.size: "),
        ('[budget.singel]\nsize = "1MB"', "budget.singel: there is no such Dockerfile. Did you mean 'single'?"),
    ],
)
def test_bad_budget(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadInput) as told:
        targets(tmp_path, f"[budget]\n{text}\n")
    assert str(told.value).startswith(str(tmp_path.resolve() / "apps/a/app.toml"))
    assert said in str(told.value)


def test_a_budget_that_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"app\.toml:1: budget: should be a table, not a string"):
        targets(tmp_path, 'budget = "30MB"')
