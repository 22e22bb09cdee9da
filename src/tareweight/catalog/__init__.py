"""What the user wrote: apps, their variants, and what an image of theirs must do."""

from tareweight.catalog.apps import App, Local, Making, Needs, Target
from tareweight.catalog.checks import Check, Expect, Http
from tareweight.catalog.discover import discover, select
from tareweight.catalog.limits import Limits

__all__ = ["App", "Check", "Expect", "Http", "Limits", "Local", "Making", "Needs", "Target", "discover", "select"]
