"""What `invoke` finds in this repository: Tareweight's tasks, and the two that only its developers need."""

import sys

from invoke import Context, Exit, task

from tareweight.tasks import guarded, namespace


@task(help={"fast": "leave out the tests that need an engine", "args": "more arguments for pytest"})
@guarded
def test(_c: Context, fast: bool = False, args: str = "") -> None:
    """Check style, types and layers, then run the tests on a real engine (started here where none answers)."""
    from pathlib import Path

    from tareweight import console
    from tareweight.engine import daemon

    python = sys.executable
    if not fast:
        daemon.up(Path(__file__).resolve().parent / ".tare", console.say)
    from tareweight.process import stream

    commands = [
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "mypy"],
        [python, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        [python, "-m", "pytest", *(["-m", "not engine"] if fast else ["--cov", "--cov-report=term"]), *args.split()],
    ]
    codes = [stream(command) for command in commands]
    if any(codes):
        raise Exit(code=1)


@task
@guarded
def bench(_c: Context) -> None:
    """Measure against bake, dive and syft, as ratios in one run; writes docs/benchmarks.md and docs/benchmarks-scale.md."""
    from tareweight.process import stream

    if stream([sys.executable, "-m", "benchmarks"]):
        raise Exit(code=1)


namespace.add_task(test)
namespace.add_task(bench)  # type: ignore[arg-type]
