"""Connexion, imported without what it makes others say; who only supervises workers does without it."""

import warnings

# Connexion imports what its own dependencies call deprecated; a user of the mock can do nothing about it.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import connexion  # type: ignore[import-untyped]  # noqa: F401
