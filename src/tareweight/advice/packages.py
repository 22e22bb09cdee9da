"""What apt installs beyond what is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tareweight.advice.case import Advice, Case, first_line, listed
from tareweight.advice.commands import installs, takes_recommends

_DOCS = {
    "/usr/share/doc": "doc", "/usr/share/man": "man", "/usr/share/info": "info", "/usr/share/locale": "locale", "/usr/share/help": "help",
    "/usr/share/gtk-doc": "gtk-doc", "/usr/share/lintian": "lintian", "/usr/share/bug": "bug", "/usr/share/linda": "linda",
    "/usr/local/share/doc": "doc", "/usr/local/share/man": "man", "/usr/local/share/info": "info", "/usr/local/share/locale": "locale",
}  # fmt: skip
_KEPT = re.compile(r".*/(?:copyright|LICENSE[^/]*|NOTICE[^/]*)", re.IGNORECASE)
"""Licences ask to be passed on with what they are for."""


def recommended(case: Case) -> Iterator[Advice]:
    """Packages that nothing needs, and only a recommendation brought."""
    steps = [step for step in case.steps if any(takes_recommends(command) for command in step.commands)]
    if not steps and any(installs(command) for _, command in case.runs):
        return  # each says it already
    owners = {f"deb:{name}" for name in case.weight.scan.recommended}
    sums: dict[str, int] = {}
    for row in case.own.values():
        if row.owner in owners:
            sums[row.owner] = sums.get(row.owner, 0) + row.bytes
    saves = sum(sums.values())
    if saves < case.worth:
        return
    names = [owner.partition(":")[2] for owner in sorted(sums, key=lambda owner: (-sums[owner], owner))]
    what = f"{len(names)} package{'' if len(names) == 1 else 's'} came only because another one recommends them: {listed(names, 6)}"
    how = [f"{step.where}: apt-get install --no-install-recommends ..." for step in steps[:3]] or ["apt-get install --no-install-recommends ..."]
    how.append("name there which of them the app does use")
    yield Advice("no recommends", saves, "at least", what, tuple(how), line=first_line(steps))


def docs(case: Case) -> Iterator[Advice]:
    """Manuals and translations that packages brought. Licences aren't counted."""
    sums: dict[str, int] = {}
    for path, row in case.own.items():
        if row.place == "docs" and (folder := _folder(path)):
            sums[folder] = sums.get(folder, 0) + row.bytes
    saves = sum(sums.values())
    if saves < case.worth:
        return
    folders = sorted(sums, key=lambda folder: (-sums[folder], folder))
    steps = [step for step in case.steps if any(installs(command) for command in step.commands)]
    removal = f"find {' '.join(folders)} -type f ! -name copyright -delete"
    where = f"{steps[0].where}: " if len(steps) == 1 else ""
    how = [f"{where}end {'this' if where else 'the'} RUN with `&& {removal}`"]
    if any(folder.startswith("/usr/share/") for folder in folders):
        excluded = " ".join(f"path-exclude={folder}/*" for folder in folders if folder.startswith("/usr/share/"))
        how.append(f"or before it, in a file of /etc/dpkg/dpkg.cfg.d, one a line: {excluded} path-include=/usr/share/doc/*/copyright")
    what = f"documentation and translations that nobody reads in a container: {listed(folders)}"
    yield Advice("documentation", saves, "at least", what, tuple(how), line=first_line(steps))


def _folder(path: str) -> str:
    """The folder of documentation that a file lies in; empty for a licence, and for what lies elsewhere."""
    if _KEPT.fullmatch(path):
        return ""
    folder = "/".join(path.split("/", 5)[: 5 if path.startswith("/usr/local/") else 4])
    return folder if folder in _DOCS else ""
