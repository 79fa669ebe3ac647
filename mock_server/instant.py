"""Instants: ISO 8601 text to microseconds of the Unix epoch, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def parse(text: str) -> int:
    """Microseconds of the Unix epoch; digits beyond microseconds are dropped.

    Raises:
        ValueError: The text is not an ISO 8601 date-time with an offset, or names a day that never was.
    """
    # RFC 3339 lets the letters be small, and a leap second be the sixtieth; Python takes neither.
    text = text.upper()
    leap = text[17:19] == "60"
    moment = datetime.fromisoformat(text[:17] + "59" + text[19:] if leap else text)
    if moment.tzinfo is None:
        raise ValueError("has no offset from UTC")
    # Not astimezone: the first and last days of the calendar overflow there.
    return (moment - _EPOCH) // _MICROSECOND + (1_000_000 if leap else 0)


def text(microseconds: int) -> str:
    """The instant in ISO 8601, in UTC, to the millisecond."""
    return _text(microseconds, "milliseconds")


def exact_text(microseconds: int) -> str:
    """The instant in ISO 8601, in UTC, to the microsecond, so that nothing is lost."""
    return _text(microseconds, "microseconds")


def _text(microseconds: int, timespec: str) -> str:
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
