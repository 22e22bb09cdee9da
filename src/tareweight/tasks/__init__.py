"""Invoke tasks: parse, call, hand to console. Nothing else."""

from __future__ import annotations

from invoke import Collection

from tareweight.tasks import builds, demo, engine, fleet, reproduce, weights, work
from tareweight.tasks.common import guarded

__all__ = ["guarded", "namespace"]

namespace = Collection(
    builds.list_, builds.build_all, builds.build, builds.verify, builds.bake, builds.bases, builds.clean,
    weights.compare, weights.explain, weights.diff, weights.baseline, weights.budget, weights.sbom,
    fleet.push,
    work.run, work.serve, work.shell, work.export,
    reproduce.reproduce,
    demo.demo,
)  # fmt: skip
namespace.add_collection(Collection("engine", engine.up, engine.down, engine.status))
