"""What both vendors' endpoints have in common: contracts, HTTP, validation. Knows no vendor."""

import warnings

# Connexion imports what its own dependencies call deprecated; a user of the mock can do nothing about it.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import connexion  # type: ignore[import-untyped]  # noqa: F401
