"""Worlds that come with the mock, and the schema of them all."""
