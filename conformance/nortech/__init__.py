"""Nortech historical data, synchronous: the target, and the checks that no table can express."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.contract import Contract
from conformance.nortech import auth, error, file, format, identity, missing, signals, window  # noqa: F401
from conformance.nortech.target import NortechTarget


class Nortech:
    """Implements :class:`conformance.vendor.Vendor`."""

    key = "nortech"
    contract = "nortech-historical-data-sync"
    revision = "documented"

    def target(
        self, contract: Contract, section: Mapping[str, Any], environ: Mapping[str, str]
    ) -> NortechTarget:
        """The service that the section describes.

        Raises:
            conformance.profile.ProfileError: see :class:`NortechTarget`.
        """
        return NortechTarget(contract, section, environ)
