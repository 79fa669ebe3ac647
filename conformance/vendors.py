"""The vendors that the suite knows, in the order in which they are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import common  # noqa: F401 - it registers the checks that all vendors share
from conformance.liverig import LiveRig
from conformance.nortech import Nortech

if TYPE_CHECKING:
    from conformance.vendor import Vendor

VENDORS: tuple[Vendor, ...] = (LiveRig(), Nortech())
