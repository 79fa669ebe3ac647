"""Commands that a shell runs, with what they would send in place of what they would get."""

from __future__ import annotations

import subprocess

from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance import curl
from conformance.redaction import Redaction

# More than an argument can be, so that the body is piped.
LONG = 150_000


@settings(max_examples=15, deadline=None)
@given(st.binary(max_size=20), st.sampled_from(b"aZ7"), st.integers(0, 9), st.binary(max_size=20))
@example(b"-", 97, 0, b"-\0")  # a shell takes it for an option
def test_a_long_run_of_one_letter_is_made_by_the_shell_and_is_the_same_body(
    before: bytes, letter: int, more: int, behind: bytes
) -> None:
    body = before + bytes([letter]) * (LONG + more) + behind
    command = curl.command(Redaction({}), "POST", "http://127.0.0.1:9/x", (), body)
    assert len(command) < 1000
    sent = subprocess.run(
        ["sh", "-c", f"curl() {{ cat; }}; {command}"], capture_output=True, check=True, timeout=20
    )
    assert sent.stdout == body
