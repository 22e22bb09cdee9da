"""Private keys, and tokens that are known by their form. Only the kind and the path are told, never what the file holds.

What OS packages, runtimes and language packages brought isn't read: their test data is full of keys that open nothing.
"""

from __future__ import annotations

import re

TOKENS = {
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_[A-Za-z0-9_]{70,255}\b",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,64}(?![\w-])",
    "AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b(?<!EXAMPLE)",
    "AWS secret key": r"(?i:aws_secret_access_key)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])(?<!EXAMPLEKEY)",
    "Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{20,255}|\bhooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{20,}",
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
