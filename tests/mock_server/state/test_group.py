"""Work of several requests is done together, and none waits for others without end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from mock_server.state.group import FULL, Group

if TYPE_CHECKING:
    from collections.abc import Sequence


@given(st.lists(st.integers(0, FULL), min_size=1, max_size=8))
def test_what_comes_turn_after_turn_is_handed_over_together_until_it_is_full(arrivals: list[int]) -> None:
    """Each turn of the event loop brings so many; a turn that brings none ends the wait."""
    handed: list[Sequence[int]] = []

    def work(items: Sequence[int]) -> list[int | Exception]:
        handed.append(list(items))
        return [-item for item in items]

    async def arriving() -> list[int]:
        group: Group[int, int] = Group(work)
        futures: list[asyncio.Future[int]] = []
        for number in arrivals:
            for _ in range(number):
                futures.append(group.add(len(futures)))
            await asyncio.sleep(0)
        return await asyncio.gather(*futures)

    count = sum(arrivals)
    assert asyncio.run(arriving()) == [-item for item in range(count)]
    assert [item for items in handed for item in items] == list(range(count))
    if 0 not in arrivals and count < FULL:
        assert len(handed) == 1
    # The turn that fills it up is its last one.
    assert all(len(items) < FULL + max(arrivals) for items in handed)
