"""How programs are run beside images: each in a process of its own, within bounds, and none at the cost of another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import tareweight.scale.scan

PROGRAMS = {
    "good": "import sys\ndef main(words):\n    open(words[0], 'w').write(words[1])\n",
    "code": "def main(words):\n    return 3\n",
    "says": "def main(words):\n    raise SystemExit('no such folder')\n",
    "raises": "def main(words):\n    raise ValueError('it broke')\n",
    "killed": "import os\ndef main(words):\n    os.kill(os.getpid(), 9)\n",
    "greedy": "def main(words):\n    return len(bytearray(1 << 40))\n",
    "talker": "def main(words):\n    with open(words[0], 'wb') as out:\n        for _ in range(1 << 12):\n            out.write(bytes(1 << 20))\n",
}


def test_one_that_fails_costs_no_other(tmp_path: Path) -> None:
    for name, text in PROGRAMS.items():
        (tmp_path / f"{name}.py").write_text(text)
    names = [*PROGRAMS, "good"]
    jobs = [{"name": f"{number}", "program": name, "arguments": ["{out}/answer", "42"]} for number, name in enumerate(names)]
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    inside = Path(tareweight.scale.scan.__file__).parent / "inside.py"
    program = f"import runpy, sys; sys.argv[0] = 'inside'; sys.path.insert(0, {str(tmp_path)!r}); runpy.run_path({str(inside)!r}, run_name='__main__')"
    subprocess.run([sys.executable, "-c", program, "jobs.json", "out"], cwd=tmp_path, check=True, timeout=60)
    said = {name: (tmp_path / "out" / str(number) / "error") for number, name in enumerate(names[:-1])}
    assert {name: file.read_text() if file.exists() else "" for name, file in said.items()} == {
        "good": "",
        "code": "ended with 3",
        "says": "SystemExit: no such folder",
        "raises": "ValueError: it broke",
        "killed": "ended by signal 9",
        "greedy": "MemoryError: ",
        "talker": "OSError: [Errno 27] File too large",
    }
    assert [(tmp_path / "out" / number / "answer").read_text() for number in ("0", "7")] == ["42", "42"]
