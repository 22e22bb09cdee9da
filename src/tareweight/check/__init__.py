"""An image -> does it do its job, and how locked down can it run.

`verify.verify` runs the checks; `load` answers from what was kept and reaches no engine.
"""

from tareweight.check.verdict import Failure, Verdict, load, save

__all__ = ["Failure", "Verdict", "load", "save"]
