"""Judges any live implementation of the histdata contracts; see ``openapi/`` for what is judged."""
