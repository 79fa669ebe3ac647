"""Properties of the suite are judged by what they say, not by how fast a loaded machine runs them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
