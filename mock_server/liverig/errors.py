"""How the LiveRig endpoint says no: in the envelope of its siblings, with a 4xx (L13)."""

from __future__ import annotations

from mock_server.serving.failure import Failure, Reply, shorten


def envelope(failure: Failure) -> Reply:
    """The `failure` envelope; its message names everything that is wrong, so that a person can act on it."""
    message = "; ".join(violation.text() for violation in failure.violations) or failure.detail
    return Reply(failure.status, {"failure": shorten(message, 65536)})
