"""Nortech historical data, synchronous: the target, and the checks that no table can express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.nortech import (  # noqa: F401 - they register their checks
    auth,
    error,
    file,
    format,  # noqa: A004
    identity,
    missing,
    part,
    relation,
    signals,
    window,
)
from conformance.nortech.target import NortechTarget
from conformance.profile import keeping_contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract import Contract


class Nortech:
    """Implements :class:`conformance.vendor.Vendor`."""

    key = "nortech"
    contract = "nortech-historical-data-sync"
    starts_jobs = False
    revision = "documented"

    def target(
        self, contract: Contract, section: Mapping[str, Any], environ: Mapping[str, str]
    ) -> NortechTarget:
        """The service that the section describes.

        Raises:
            conformance.profile.ProfileError: see :class:`NortechTarget`; or an entry is nothing that the
                contract can carry.
        """
        return keeping_contract(NortechTarget(contract, section, environ), self.key)
