"""Faults that a server of any vendor may have: in HTTP, in JSON itself, and in any answer."""
