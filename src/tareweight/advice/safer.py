"""What saves no bytes and matters all the same."""

from __future__ import annotations

from collections.abc import Iterator

from tareweight.advice.case import Advice, Case, listed
from tareweight.scale.weight import Finding

MOST = 5


def secrets(case: Case) -> Iterator[Advice]:
    """Keys and tokens: kind and place alone, never what they are."""
    copied = {copy.path: copy for copy in case.copies}
    for finding in case.weight.all_secrets[:MOST]:
        copy = copied.get(finding.path)
        how = [f"renew it: whoever has the image has it, in a layer even where a later one removes it{_at(finding)}"]
        if copy:
            how.append(f"add to {case.ignore_file}: {copy.source}")
        how.append("in a build: RUN --mount=type=secret,id=... ; in the container: give it when it starts")
        line = case.steps[copy.step].line if copy else None
        yield Advice("secret", 0, "exactly", f"{finding.kind} in {finding.path}", tuple(how), line=line)


def user(case: Case) -> Iterator[Advice]:
    """Root inside a container is root of whatever it breaks out to."""
    if not case.weight.config.runs_as_root:
        return
    starts = [one for one in case.instructions if one.name in {"ENTRYPOINT", "CMD"}]
    last = case.last_stage
    here = [one for one in starts if last and one.line > last.line]
    where = f"before Dockerfile:{here[0].line}" if here else "at the end of the Dockerfile"
    how = (f"{where}: USER 65532:65532 (a number needs no entry in /etc/passwd); what it writes to has to be its own: COPY --chown=65532:65532",)
    yield Advice("user", 0, "exactly", "it runs as root", how, line=here[0].line if here else None)


def setuid(case: Case) -> Iterator[Advice]:
    """Programs that make whoever runs them root."""
    found = case.weight.scan.surface.setuid
    if found and not case.weight.config.runs_as_root:
        count = f"{len(found)} program{'' if len(found) == 1 else 's'}"
        what = f"{count} with setuid or setgid would give its user other rights: {listed(found)}"
        yield Advice("setuid", 0, "exactly", what, ("run it with --security-opt no-new-privileges, or on a base without them",))


def _at(finding: Finding) -> str:
    return " (and docker history shows it)" if finding.path.startswith(("layer", "history", "build argument")) else ""
