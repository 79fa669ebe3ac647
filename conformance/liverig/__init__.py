"""LiveRig backlog sync: the target, and the checks that no table can express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.liverig import answer, auth, identity, pair, ranges, several  # noqa: F401 - they register their checks
from conformance.liverig.target import LiveRigTarget
from conformance.profile import keeping_contract

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.contract import Contract


class LiveRig:
    """Implements :class:`conformance.vendor.Vendor`."""

    key = "liverig"
    contract = "liverig-backlog-sync"
    starts_jobs = True
    revision = "current"

    def target(
        self, contract: Contract, section: Mapping[str, Any], environ: Mapping[str, str]
    ) -> LiveRigTarget:
        """The collector that the section describes.

        Raises:
            conformance.profile.ProfileError: see :class:`LiveRigTarget`; or an entry is nothing that the
                contract can carry.
        """
        return keeping_contract(LiveRigTarget(contract, section, environ), self.key)
