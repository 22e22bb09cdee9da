"""Tareweight's speed, as ratios against a peer in one run: `python -m benchmarks`, or `invoke bench`."""
