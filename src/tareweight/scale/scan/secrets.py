"""Private keys, and tokens that are known by their form. Only the kind and the path are told, never what the file holds.

What OS packages, runtimes and language packages brought isn't read: their test data is full of keys that open nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .findings import Finding
from .leftovers import PERSONAL
from .tree import Tree

TOKENS = {
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{70,255}\b",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,64}(?![\w-])",
    "AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b(?<!EXAMPLE)",
    "AWS secret key": r"(?i:aws_secret_access_key)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])(?<!EXAMPLEKEY)",
    "Slack token": r"\bxox[abeoprs]-(?:\d-)?\d{9,}-[A-Za-z0-9-]{10,255}|\bhooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{20,}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b|:_(?:authToken|auth|password)\s*=\s*[\"']?[A-Za-z0-9+/=_-]{8,}",
    "PyPI token": r"\bpypi-[A-Za-z0-9_-]{50,}",
    "Google API key": r"\bAIza[A-Za-z0-9_-]{35}(?![\w-])",
    "Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{20,255}\b",
    "OpenAI or Anthropic key": r"\bsk-(?:proj-|ant-)[A-Za-z0-9_-]{40,255}",
    "Docker Hub token": r"\bdckr_pat_[A-Za-z0-9_-]{27,64}",
    "private key": r"-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----\s*(?:\\n)?[A-Za-z0-9+/=\s:,-]{40}",
}
"""Kind -> the form of it. Each has a prefix that nothing else begins with, or names what it is."""

_TOKENS = [(kind, re.compile(form)) for kind, form in TOKENS.items()]


def token_kind(text: str) -> str:
    """The kind of the first token (or private key) in `text`, as in `TOKENS`; empty for none."""
    return next((kind for kind, form in _TOKENS if form.search(text)), "")


MOST_FILES = 20_000
MOST_BYTES = 200_000_000
SHORTEST = 16
LONGEST = 64_000
"""Bytes; longer files aren't read, for what holds a secret by mistake is a short file."""

_UNREAD = frozenset(("runtime", "docs"))
_MARKS = tuple(mark.encode() for mark in (
    "PRIVATE KEY-----", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "AKIA", "ASIA", "aws_secret_access_key", "AWS_SECRET_ACCESS_KEY",
    "xox", "hooks.slack.com", "npm_", ":_auth", ":_password", "pypi-", "AIza", "k_live_", "sk-proj-", "sk-ant-", "dckr_pat_",
))  # fmt: skip
"""One of them is in every token; looking for them is much faster than the forms are."""
_NAMED = {
    ".netrc": ("password in .netrc", re.compile(r"\bpassword\s+\S+")),
    ".git-credentials": ("password in an address", re.compile(r"://[^\s:/@]+:[^\s/@]+@")),
    ".gitconfig": ("password in an address", re.compile(r"://[^\s:/@]+:[^\s/@]+@")),
    ".git/config": ("password in an address", re.compile(r"://[^\s:/@]+:[^\s/@]+@")),
    "pip.conf": ("password in an address", re.compile(r"://[^\s:/@]+:[^\s/@]+@")),
    ".pypirc": ("password in .pypirc", re.compile(r"^[ \t]*password[ \t]*[=:][ \t]*\S+", re.MULTILINE)),
    ".docker/config.json": ("password of a registry", re.compile(r'"(?:auth|identitytoken)"\s*:\s*"[^"]{4,}"')),
    ".dockercfg": ("password of a registry", re.compile(r'"auth"\s*:\s*"[^"]{4,}"')),
}
"""Ends of paths -> the kind of secret that such a file may hold, and its form."""
_PKCS12 = re.compile(rb"\x30[\x82\x83\x84].{2,4}\x02\x01\x03\x30", re.DOTALL)
_KEY_BAGS = (b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02")
_JKS = b"\xfe\xed\xfe\xed"


def find(tree: Tree, left: Mapping[str, tuple[str, str]]) -> list[Finding]:
    """Files that hold a key or a token, by path; of each the first kind that was found. `left` is what `leftovers.mark` said."""
    found: list[Finding] = []
    files = total = 0
    for path, file in tree.files.items():
        if not SHORTEST <= file.size <= LONGEST or file.owner >= 0 or file.place in _UNREAD or not file.first:
            continue
        if path in left and (left[path][0] not in PERSONAL or "/.git/objects/" in path):
            continue
        files += 1
        total += file.size
        if files > MOST_FILES or total > MOST_BYTES:
            tree.note(f"more than {MOST_FILES} files or {MOST_BYTES} bytes to look through for secrets: the rest wasn't")
            break
        if kind := _secret(path, tree.read(path, LONGEST)):
            found.append(Finding(kind, path, file.bytes))
    return found


def _secret(path: str, data: bytes) -> str:
    if any(mark in data for mark in _MARKS) and (kind := token_kind(data.decode("latin-1"))):
        return kind
    for end, (kind, form) in _NAMED.items():
        if f"/{path}".endswith(f"/{end}") and form.search(data.decode("latin-1")):
            return kind
    if _PKCS12.match(data) and any(bag in data for bag in _KEY_BAGS):
        return "private key (PKCS#12)"
    # A Java keystore's first entry: 1 is a private key, 2 a certificate that is trusted.
    if data.startswith(_JKS) and data[12:16] == b"\0\0\0\1":
        return "private key (Java keystore)"
    return ""
