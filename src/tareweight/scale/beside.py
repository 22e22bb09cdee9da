"""Running a program of scan/ beside images: in one build in which they are all mounted, so that no image ever moves.

An image is mounted by name and never stands in a FROM, whose ONBUILD triggers would be run. Mounts are read-only, the step
has no network, and its program is run without a shell by the Python of a distroless base.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tareweight.bases.resolve import Base
from tareweight.build.command import ENVIRONMENT
from tareweight.build.progress import Progress
from tareweight.engine.client import require_buildx
from tareweight.errors import TareError, one_line
from tareweight.process import CommandFailed, run

SCANNER = "gcr.io/distroless/python3-debian13"
"""The image whose Python runs the programs. It is resolved as every FROM is: pulled, or made from Debian packages."""
ANSWER = "answer.json"
FILES = "files.gz"
"""The table of all files, beside the answer of a scan."""
MOST_BYTES = 64_000_000
"""Of a program's answer; a larger one isn't read."""
BUILD_SECONDS = 1800
_TO = ("--files", f"{{out}}/{FILES}", "--out", f"{{out}}/{ANSWER}")
_PYTHON = ("/usr/bin/python3", "-X", "utf8", "-m", "scan.inside")
_PROGRAMS = Path(__file__).parent / "scan"


@dataclass(frozen=True)
class Step:
    """A run of `program`, a module of scan/, with an image mounted; nothing of it is run, so `platform` (its own) may be any.

    `image` is the reference under which the builder finds it. In `arguments`, `{image}` is where it is mounted, `{input}` a
    file that holds `input` as JSON, and `{out}` the folder in which the program leaves its answer.
    """

    image: str
    program: str
    arguments: tuple[str, ...]
    platform: str
    input: Any = field(default_factory=dict)


def scan_step(reference: str, platform: str, hints: Mapping[str, Any]) -> Step:
    """The scan of one image. `weight.load_scan` takes its answer, `files.read` the table beside it."""
    return Step(reference, "scan.scan", ("{image}", "--hints", "{input}", *_TO), platform, hints)


def context_of(base: Base) -> str:
    """What the FROM of the scanner is swapped for: the base's own context, or its name where the builder has it under that."""
    return base.context or f"docker-image://{base.reference}"


@contextmanager
def run_steps(steps: Sequence[Step], *, scanner: str, builder: str, no_cache: bool = False) -> Iterator[list[Path | TareError]]:
    """Run all steps, in one build for each platform, and yield for each the folder of its answer, or why there is none.

    `scanner` is the build context of the Python that runs them (`docker-image://...`), `builder` any buildx builder. The
    folders are gone after the block. With `no_cache` no answer comes from BuildKit's cache.
    """
    with tempfile.TemporaryDirectory(prefix="tareweight-scale-") as made:
        folder = Path(made)
        program = folder / "context" / "program"
        shutil.copytree(_PROGRAMS, program / "scan", ignore=shutil.ignore_patterns("__pycache__"))
        (program / "warm.json").write_text(json.dumps([_job("warm", Step("", "scan.scan", ("/program", *_TO), ""))]), encoding="utf-8")
        answers: dict[int, Path | TareError] = {}
        for platform in dict.fromkeys(step.platform for step in steps):
            chosen = {number: step for number, step in enumerate(steps) if step.platform == platform}
            answers |= _all_or_each(chosen, folder, scanner=scanner, builder=builder, no_cache=no_cache)
        yield [answers[number] for number in range(len(steps))]


def read(folder: Path) -> Any:
    """The JSON that a step answered with. `TareError` where it failed, or where that is too large or no JSON."""
    fault = folder / "error"
    try:
        if fault.exists():
            raise TareError(f"the scan failed: {one_line(fault.read_text(encoding='utf-8', errors='replace'), 300)}")
        file = folder / ANSWER
        if file.stat().st_size > MOST_BYTES:
            raise TareError(f"the scan's answer is larger than {MOST_BYTES // 1_000_000} MB")
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise TareError("the scan's answer can't be read") from error


def dockerfile(steps: Mapping[int, Step]) -> str:
    """The Dockerfile for the steps by number. Its first stage is the same whatever is scanned, and BuildKit keeps it."""
    mounts = ["type=bind,source=input,target=/input", *(f"type=bind,from=image{number},target=/images/{number},readonly" for number in steps)]
    lines = [
        "FROM --platform=$BUILDPLATFORM scanner AS program",
        "USER 0",
        "WORKDIR /program",
        "COPY program .",
        # Distroless Python has no bytecode: what is imported is compiled here once, not with every scan.
        _step([], ["warm.json", "/tmp/out"]),
        "FROM program AS step",
        _step(mounts, ["/input/jobs.json", "/out"]),
        "FROM scratch",
        "COPY --from=step /out /",
    ]
    return "\n".join(lines) + "\n"


def _step(mounts: Sequence[str], words: Sequence[str]) -> str:
    return " ".join(["RUN", "--network=none", *(f"--mount={mount}" for mount in mounts), json.dumps([*_PYTHON, *words])])


def _job(name: str, step: Step) -> dict[str, Any]:
    known = {"{input}": f"/input/{name}.json", "{image}": f"/images/{name}"}
    return {"name": name, "program": step.program, "arguments": [known.get(word, word) for word in step.arguments]}


def _all_or_each(steps: Mapping[int, Step], folder: Path, *, scanner: str, builder: str, no_cache: bool) -> dict[int, Path | TareError]:
    """The answers of `steps`. Where the build of all fails, each gets one of its own, so that only the one at fault has none."""
    fault = _build(steps, folder, scanner=scanner, builder=builder, no_cache=no_cache)
    if fault is None:
        return {number: folder / "out" / str(number) for number in steps}
    if len(steps) == 1:
        return dict.fromkeys(steps, fault)
    found: dict[int, Path | TareError] = {}
    for number, step in steps.items():
        found |= _all_or_each({number: step}, folder, scanner=scanner, builder=builder, no_cache=no_cache)
    return found


def _build(steps: Mapping[int, Step], folder: Path, *, scanner: str, builder: str, no_cache: bool) -> TareError | None:
    """Build, with the answers exported to folder/out/<number>; why that failed, if it did."""
    context = folder / "context"
    inputs = {str(number): step.input for number, step in steps.items()} | {"jobs": [_job(str(number), step) for number, step in steps.items()]}
    (context / "input").mkdir(exist_ok=True)
    for name, value in inputs.items():
        (context / "input" / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    file = folder / "Dockerfile"  # beside the context; from its standard input buildx 0.13 makes a file in /tmp that nobody removes
    file.write_text(dockerfile(steps), encoding="utf-8")
    words = ["docker", "buildx", "build", "--builder", builder, "--progress", "rawjson", "--file", str(file)]
    words += ["--platform", next(iter(steps.values())).platform, "--build-context", f"scanner={scanner}"]
    for number, step in steps.items():
        words += ["--build-context", f"image{number}=docker-image://{step.image}"]
    if no_cache:
        words += ["--no-cache-filter", "step"]
    words += ["--output", f"type=local,dest={folder / 'out'}", str(context)]
    try:
        done = run(words, env=ENVIRONMENT, timeout=BUILD_SECONDS, check=False)
    except CommandFailed as error:
        return error
    if done.code == 0:
        return None
    require_buildx()  # asked only now: 50 ms that a build which works should not cost
    return _reason(done.stderr)


def _reason(stderr: str) -> TareError:
    progress, log = Progress("scale"), io.StringIO()
    for line in stderr.splitlines(keepends=True):
        for _ in progress.feed(line, log):
            pass
    return TareError(one_line(progress.failure().error, 300))
