"""Keys and tokens are found by kind and path, what they hold is never told, and test data is passed over.

Tokens are put together here, so that none stands in this file.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tareweight.scale.scan import scan
from tareweight.scale.scan import secrets as module
from tareweight.scale.scan.secrets import token_kind
from tareweight.scale.scan.tree import Found

Lay = Callable[..., Path]

TEXT = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ0bC2eF4hJ6" * 4
KEY = "PRIVATE" + " KEY-----"
PEM = f"-----BEGIN {KEY}\n{TEXT[:64]}\n-----END {KEY}\n"
TOKENS = {
    "GitHub token": f"ghp_{TEXT[:36]}",
    "GitLab token": f"glpat-{TEXT[:20]}",
    "AWS access key": "AKIA" + "2345ABCD6789EFGH",
    "AWS secret key": f"AWS_SECRET_ACCESS_KEY={TEXT[:40]}",
    "Slack token": f"xoxb-123456789012-{TEXT[:30]}",
    "npm token": f"//npm.example.com/:_authToken={TEXT[:36]}",
    "PyPI token": f"pypi-{TEXT[:80]}",
    "Google API key": f"AIza{TEXT[:35]}",
    "Stripe key": f"sk_live_{TEXT[:24]}",
    "OpenAI or Anthropic key": f"sk-ant-{TEXT[:60]}",
    "Docker Hub token": f"dckr_pat_{TEXT[:27]}",
    "private key": PEM,
}
INNOCENT = [
    "", "AKIA" + "IOSFODNN7EXAMPLE", "ghp_short", "//npm.example.com/:_authToken=${NPM_TOKEN}", f"xAIza{TEXT[:35]}", "sk_test_abc", "pypi-",
    "xoxo-hugs-and-kisses-to-all", "xoxb-hugs-and-kisses-to-all",
    f"-----BEGIN PUBLIC KEY-----\n{TEXT[:64]}", f"if line == '-----BEGIN {KEY}':", "task-ant-colony", "maria_secret_access_keys",
]  # fmt: skip


def test_every_kind_has_a_sample() -> None:
    assert set(TOKENS) == set(module.TOKENS)


@pytest.mark.parametrize(("kind", "text"), TOKENS.items(), ids=TOKENS)
def test_tokens(kind: str, text: str) -> None:
    assert token_kind(text) == kind
    assert token_kind(f'export const token = "{text}";\n') == kind


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_token(text: str) -> None:
    assert token_kind(text) == ""


def found(root: Path, *packages: Found) -> dict[str, str]:
    told = scan.scan(str(root), {"workdir": "/app"}, None, [lambda _: iter(packages)])
    assert TEXT[:20] not in json.dumps(told)
    return {path: kind for kind, path, _ in told["secrets"]}


@pytest.mark.parametrize(("kind", "text"), TOKENS.items(), ids=TOKENS)
def test_tokens_in_files(lay: Lay, kind: str, text: str) -> None:
    assert found(lay({"app/settings": f"a = 1\nb = {text}\n"})) == {"/app/settings": kind}


FILES = {
    "root/.netrc": (f"machine example.com login me password {TEXT[:12]}", "password in .netrc"),
    "root/.git-credentials": (f"https://me:{TEXT[:12]}@example.com", "password in an address"),
    "app/.git/config": (f'[remote "origin"]\n\turl = https://me:{TEXT[:12]}@example.com/x.git\n', "password in an address"),
    "root/.docker/config.json": (json.dumps({"auths": {"example.com": {"auth": TEXT[:24]}}}), "password of a registry"),
    "root/.pypirc": (f"[pypi]\nusername = me\npassword = {TEXT[:12]}\n", "password in .pypirc"),
    "etc/ssl/private/server.key": (PEM, "private key"),
    "tmp/id": (PEM.replace("PRIVATE", "OPENSSH PRIVATE"), "private key"),
    "data": (json.dumps({"private_key": PEM}), "private key"),
}


@pytest.mark.parametrize(("path", "wanted"), FILES.items(), ids=FILES)
def test_files(lay: Lay, path: str, wanted: tuple[str, str]) -> None:
    assert found(lay({path: wanted[0]})) == {f"/{path}": wanted[1]}


def test_real_keys(lay: Lay) -> None:
    root = lay({"app/x": "1"})
    key, certificate = root / "app/key.pem", root / "app/certificate.pem"

    def openssl(*words: str | Path) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", key, "-out", certificate)
    openssl("ecparam", "-genkey", "-name", "prime256v1", "-out", root / "app/ec.pem")
    openssl("pkcs12", "-export", "-inkey", key, "-in", certificate, "-passout", "pass:x", "-out", root / "app/both.p12")
    openssl("pkcs12", "-export", "-nokeys", "-in", certificate, "-passout", "pass:x", "-out", root / "app/trusted.p12")
    assert found(root) == {"/app/key.pem": "private key", "/app/ec.pem": "private key", "/app/both.p12": "private key (PKCS#12)"}


def test_java_keystores(lay: Lay) -> None:
    head = b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1"
    assert found(lay({"app/keys.jks": head + b"\0\0\0\1" + bytes(40), "app/trusted.jks": head + b"\0\0\0\2" + bytes(40)})) == {
        "/app/keys.jks": "private key (Java keystore)"
    }


def test_test_data_of_packages_and_toolchains_is_passed_over(lay: Lay) -> None:
    paths = ["usr/local/go/src/tls/testdata/key.pem", "app/node_modules/x/test/key.pem", "usr/share/doc/x/key.pem", "usr/lib/y/key.pem", "root/.npm/_cacache/z"]
    packages = (Found("npm", "x", "1", [paths[1]]), Found("deb", "y", "1", [paths[3]]))
    assert found(lay(dict.fromkeys(paths, PEM)), *packages) == {}


def test_long_files_and_objects_of_git_are_not_read(lay: Lay) -> None:
    assert found(lay({"app/long": PEM + "x" * module.LONGEST, "app/.git/objects/ab/cd": PEM})) == {}


WALLS = ["\n", " ", "://a:", "password ", '"auth" : ', f"-----BEGIN {KEY}", "aws_secret_access_key = ", "_authToken=", "A", "a-"]


@pytest.mark.parametrize("piece", WALLS)
def test_no_file_takes_long(lay: Lay, piece: str) -> None:
    text = f"AKIA {piece * (60_000 // len(piece))}"
    root = lay(dict.fromkeys(("root/.pypirc", "root/.netrc", "root/.gitconfig", "root/.docker/config.json", "app/x"), text))
    began = time.process_time()
    found(root)
    assert time.process_time() - began < 2


def test_reading_is_bounded(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 3)
    told = scan.scan(str(lay({f"app/{n}": PEM for n in range(10)})), {}, None, [])
    assert len(told["secrets"]) == 3
    assert "to look through for secrets" in told["notes"][0]
