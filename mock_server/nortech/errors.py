"""How the Nortech endpoint says no, in each revision of its contract (N1, N10 to N13)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from mock_server.serving.failure import Failure, Reply, shorten

UNAUTHORIZED = "Unauthorized"
VALIDATION_ERROR = "Validation Error"
SIGNALS_NOT_FOUND = "Signals not found"
DATA_NOT_FOUND = "Signal Data not found"
REQUEST_NOT_FOUND = "Request not found"
FAILED = "Failed"
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
        if failure.status == HTTPStatus.NOT_FOUND and failure.violations:
            # Only the id of a request is a parameter of a path.
            return self.request_not_found()
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

    def request_not_found(self) -> Reply:
        """The session has no request of that id."""
        return Reply(404, {"status": REQUEST_NOT_FOUND})

    def failed(self, number: int, error: str) -> Reply:
        """The request was accepted and failed (N12); the current revision says it with 503 (N13)."""
        if self._current:
            return Reply(503, {"status": FAILED, "details": {"requestId": number, "error": error}})
        return Reply(500, {"requestId": number, "status": FAILED, "error": error})

    def _violations(self, failure: Failure) -> dict[str, Any]:
        errors = [
            {"error": violation.text(), "location": violation.location}
            for violation in failure.violations[:MAX_ERRORS]
        ] or [{"error": failure.detail, "location": "body"}]
        if self._current:
            details = "; ".join(f"{each['location']}: {each['error']}" for each in errors)
            return {"status": VALIDATION_ERROR, "details": shorten(details, 65536)}
        return {"status": VALIDATION_ERROR, "errors": errors}
