"""What the suite needs to know of a vendor; one folder beside this file implements it for each.

Everything outside the vendors' folders knows no vendor, so a third endpoint is one more contract, one more
catalogue and one more folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.answer import Answer
    from conformance.call import Call
    from conformance.catalogue import Expectation
    from conformance.contract import Contract
    from conformance.exchange import Exchange


@dataclass(frozen=True)
class Gap:
    """Something that the profile does not say."""

    line: str
    """What to add to the profile, ready to be printed."""


class Target(Protocol):
    """One live implementation of one contract, as its section of the profile describes it."""

    contract: Contract
    secrets: Mapping[str, str]
    """Values of secrets by the environment variable they came from."""
    facts: Mapping[str, Any]
    """What the profile gives to changes that ask for it (``profile: name`` in the catalogue)."""

    def starts(self) -> Mapping[str, Call | Gap]:
        """The contract's named examples, with the identifiers and credentials of this target, in order."""

    def classify(self, exchange: Exchange) -> Answer:
        """Sort an answer into its kind."""

    def meets(self, expectation: Expectation, answer: Answer) -> bool:
        """Whether the answer is what was expected."""

    def wording(self, expectation: Expectation) -> str:
        """What an expectation means for this vendor, in words for a report."""

    def proper(self, call: Call) -> Call:
        """A generated valid request, with everything that this target must know set right."""


class Vendor(Protocol):
    """The door to a vendor's folder."""

    key: str
    """Name of its section in a profile."""
    contract: str
    """Id of its contract."""
    starts_jobs: bool
    """Whether every accepted request starts work that goes on, so that a run must not cause many."""
    revision: str
    """The revision that is judged unless the profile names another."""

    def target(self, contract: Contract, section: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
        """The target that a section of a profile describes.

        Raises:
            conformance.profile.ProfileError: the section does not fit together, or a secret is not set.
        """
