"""UUIDs are what the standard library takes for one, and random wherever they may be."""

from __future__ import annotations

import uuid

from mock_server import identifier

# The version takes four bits, and the variant two.
FIXED = 0xF000_C000_0000_0000_0000


def test_an_identifier_is_a_random_uuid() -> None:
    texts = {identifier.new() for _ in range(2000)}
    found = [uuid.UUID(text) for text in texts]

    assert len(texts) == 2000
    assert {str(each) for each in found} == texts
    assert {(each.version, each.variant) for each in found} == {(4, uuid.RFC_4122)}
    # Each bit is 1 in about half of them: eight standard deviations are 179 of 2000.
    for bit in (1 << shift for shift in range(128)):
        if not bit & FIXED:
            assert abs(sum(bool(each.int & bit) for each in found) - 1000) < 180
