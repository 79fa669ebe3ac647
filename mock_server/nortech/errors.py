"""How the Nortech endpoint says no, in each revision of its contract (N1, N10 to N13)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mock_server.serving.failure import Failure, Reply, shorten

UNAUTHORIZED = "Unauthorized"
VALIDATION_ERROR = "Validation Error"
SIGNALS_NOT_FOUND = "Signals not found"
DATA_NOT_FOUND = "Signal Data not found"
# The contract's bound.
MAX_ERRORS = 1000


class Envelopes:
    """The envelopes of one revision."""

    def __init__(self, revision: str) -> None:
        self._current = revision == "current"

    def refusal(self, failure: Failure) -> Reply:
        """The envelope around a failure that is not about signals."""
        if failure.status == HTTPStatus.UNAUTHORIZED:
            return Reply(failure.status, {"status": UNAUTHORIZED})
        if failure.violations or failure.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Reply(failure.status, self._violations(failure))
        return Reply(failure.status, {"status": HTTPStatus(failure.status).phrase, "details": failure.detail})

    def signals_not_found(self, missing: list[Any]) -> Reply:
        """All signals that do not exist, in the form they were asked for (N11)."""
        body = {"details": {"signals": missing}} if self._current else {"signals": missing}
        return Reply(404, {"status": SIGNALS_NOT_FOUND, **body})

    def data_not_found(self) -> Reply:
        """None of the signals has data in the window (N11)."""
        return Reply(404, {"status": DATA_NOT_FOUND})

    def _violations(self, failure: Failure) -> dict[str, Any]:
        errors = [
            {"error": violation.text(), "location": violation.location}
            for violation in failure.violations[:MAX_ERRORS]
        ] or [{"error": failure.detail, "location": "body"}]
        if self._current:
            details = "; ".join(f"{each['location']}: {each['error']}" for each in errors)
            return {"status": VALIDATION_ERROR, "details": shorten(details, 65536)}
        return {"status": VALIDATION_ERROR, "errors": errors}
