"""What is a secret in a configuration or a history, and what only looks like one."""

from __future__ import annotations

import time

import pytest

from tareweight.scale.masking import BY_NAME, IN_ADDRESS, MOST_TEXT, mask, mask_value

TOKEN = "ghp_" + "a1" * 18


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("curl -H 'Authorization: Bearer " + TOKEN + "' x", "curl -H 'Authorization: Bearer ***' x"),
        ("DB_PASSWORD=hunter2 ./migrate", "DB_PASSWORD=*** ./migrate"),
        ("export PGPASSWORD='two words'; psql", "export PGPASSWORD=***; psql"),
        ("git clone https://user:pa55@example.org/x.git", "git clone https://user:***@example.org/x.git"),
        ("login --password hunter2 --user me", "login --password *** --user me"),
        ("login --token=hunter2", "login --token=***"),
        ("API_KEYS=a1b2 GITHUB_TOKEN_RO=b2", "API_KEYS=*** GITHUB_TOKEN_RO=***"),
        (f"X={TOKEN}", "X=***"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    told = mask(text)
    assert told.text == masked
    assert told.kinds


@pytest.mark.parametrize(
    "text",
    [
        "TOKEN=$(cat /run/secrets/token) ./run",
        'API_KEY="$KEY" ./run',
        "DB_PASSWORD_FILE=/run/secrets/db",
        "TOKENIZERS_PARALLELISM=false",
        "TOKEN_TTL=3600",
        "adduser --disabled-password --gecos '' me",
        "login --password-stdin me",
        "login --token --quiet",
        "PYTHON_SHA256=0123456789abcdef",
        "GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
        "curl http://example.org:8080/a@b",
        "tests/test_token.py",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert mask(text) == (text, ())
    assert mask(text, listed=True) == (text, ())


def test_an_empty_value_is_none() -> None:
    assert mask("PASSWORD= ./run") == ("PASSWORD= ./run", ())
    assert mask("ENV PASSWORD= A=b", listed=True) == ("ENV PASSWORD= A=b", ())


@pytest.mark.parametrize("piece", ["a_TOKEN", "TOKEN=", " ", "://", "x:y@", "--token ", "A_TOKEN= ", "'", "_", "xoxb-", "AKIA", "-----BEGIN PRIVATE KEY-----"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_hostile_text_costs_no_time(piece: str, listed: bool) -> None:
    began = time.monotonic()
    mask(piece * (MOST_TEXT // len(piece)), listed=listed)
    assert time.monotonic() - began < 1


def test_a_listed_value_goes_on_to_the_next_name() -> None:
    told = mask("ENV A_TOKEN=with some spaces Z=1", listed=True)
    assert told.text == "ENV A_TOKEN=*** Z=1"
    assert told.found == ((BY_NAME, "A_TOKEN"),)


def test_a_value_is_masked_by_its_name_or_its_form() -> None:
    assert mask_value("DB_PASSWORD", "hunter2") == ("***", ((BY_NAME, "DB_PASSWORD"),))
    assert mask_value("GITHUB_TOKEN", TOKEN) == ("***", (("GitHub token", "GITHUB_TOKEN"),))
    assert mask_value("URL", "postgres://me:pw@db/x") == ("postgres://me:***@db/x", ((IN_ADDRESS, ""),))
    for value in ("", "true", "$OTHER", "<your password>", "***"):
        assert mask_value("DB_PASSWORD", value) == (value, ())
