"""Targets -> Plan (stale, fresh) -> events -> Outcomes, through `docker buildx build`."""
