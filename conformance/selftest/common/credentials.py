"""The credentials that the self-test's profiles name, and those that a request has."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.selftest.gateway import Ask

USER, PASSWORD, TOKEN = "rig-operator", "Correct-Horse-Battery", "histdata-demo-token"
CREDENTIALS = (TOKEN, f"{USER}:{PASSWORD}")
"""What the self-test's profiles name; of the vendors, the mock itself asks for the token only."""


def credentials(ask: Ask) -> str:
    """The token, or the user and password, that a request has; what cannot be read is none."""
    scheme, _, coded = (ask.header("authorization") or "").partition(" ")
    try:
        return base64.b64decode(coded, validate=True).decode() if scheme.lower() == "basic" else coded
    except ValueError:
        return ""
