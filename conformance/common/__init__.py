"""Checks on HTTP and JSON themselves, the same for every vendor."""

from conformance.common import answer, http  # noqa: F401 - they register their checks
