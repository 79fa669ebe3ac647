"""How the LiveRig endpoint says no: in the envelope of its siblings, with a 4xx or with their 200 (L13)."""

from __future__ import annotations

from http import HTTPStatus

from mock_server.serving.failure import Failure, Reply, shorten

# What the operation itself refuses; the rest is HTTP's, and a client of the siblings meets it there, too.
_OWN = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}


def envelope(failure: Failure) -> Reply:
    """The `failure` envelope; its message names everything that is wrong, so that a person can act on it."""
    message = "; ".join(violation.text() for violation in failure.violations) or failure.detail
    siblings = failure.settings.get("liverig", {}).get("failures") == "envelope"
    status = HTTPStatus.OK if siblings and failure.status in _OWN else failure.status
    return Reply(status, {"failure": shorten(message, 65536)})
