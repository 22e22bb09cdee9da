"""What saves no bytes and matters all the same."""

from __future__ import annotations

from collections.abc import Iterator

from tareweight.advice.case import Advice, Case, first_line, listed
from tareweight.advice.commands import installs
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
    what = f"it runs as root{f', and passes its checks {case.locked}' if case.locked.startswith('as ') else ''}"
    yield Advice("user", 0, "exactly", what, how, line=here[0].line if here else None)


def setuid(case: Case) -> Iterator[Advice]:
    """Programs that give whoever runs them other rights; those that came with the base are in the surface, and not the Dockerfile's doing."""
    found = [path for path in case.weight.scan.surface.setuid if path in case.own]
    if found:
        steps = [step for step in case.steps if any(installs(command) for command in step.commands)]
        what = f"{len(found)} program{'' if len(found) == 1 else 's'} with setuid or setgid came with what is on top of the base: {listed(found)}"
        how = f"{steps[-1].where}: end this RUN" if steps else "end the RUN that brings them"
        yield Advice("setuid", 0, "exactly", what, (f"{how} with `&& chmod a-s {' '.join(found[:6])}`",), line=first_line(steps))


def _at(finding: Finding) -> str:
    return " (and docker history shows it)" if finding.path.startswith(("layer", "history", "build argument")) else ""
