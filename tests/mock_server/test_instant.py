from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server import instant

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moment=st.datetimes(timezones=offsets))
def test_an_instant_does_not_depend_on_its_offset(moment: datetime) -> None:
    microseconds = instant.parse(moment.isoformat())

    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds) == moment


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_text_is_read_back_to_the_millisecond(moment: datetime) -> None:
    microseconds = instant.parse(moment.isoformat())

    assert instant.parse(instant.text(microseconds)) == microseconds // 1000 * 1000


def test_a_leap_second_is_the_one_before_the_next_minute() -> None:
    assert instant.parse("2016-12-31T23:59:60Z") == instant.parse("2017-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "text", ["", "now", "2024-01-03T00:00:00", "2024-13-01T00:00:00Z", "0000-01-01T00:00:00Z"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|offset|month|year|range"):
        instant.parse(text)
