"""What both vendors' endpoints have in common: contracts, HTTP, validation. Knows no vendor."""

import warnings

# Connexion imports Starlette's test client, which warns of its own HTTP library; a user of the mock can do
# nothing about either.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
    import connexion  # type: ignore[import-untyped]  # noqa: F401
