"""One session of a mock, in the hands of a test: what the fixture `histdata_mock` gives.

Without pytest: `HistdataMock(Admin("http://127.0.0.1:4010", "my-session"))`.
"""

from __future__ import annotations

import json as json_text
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mock_server.admin.client import Admin, AdminError, ReceivedRequest, instant, received

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mock_server.admin.client import Mode

__all__ = ["Admin", "AdminError", "HistdataMock", "Job", "MockClock", "ReceivedRequest"]

ANYTHING: Any = object()
DEMO_TOKEN = "histdata-demo-token"  # What a mock takes that was given no other
LIVERIG_USER = "histdata"
DEFAULT = "default"
# As many requests as the journal keeps, and as many as a message lists.
ALL, MANY = 1000, 10
NOTHING = "(nothing)"


class MockClock:
    """The session's clock. Whatever takes time in the mock takes it on this clock."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    @property
    def now(self) -> datetime:
        """What it shows, in UTC."""
        return _now(self._admin.call("GET", "clock"))

    @property
    def mode(self) -> Mode:
        """`time`, `manual` or `immediate`."""
        mode: Mode = self._admin.call("GET", "clock")["mode"]
        return mode

    def set(
        self, *, mode: Mode = "time", speed: float | None = None, now: datetime | str | None = None
    ) -> datetime:
        """Set the clock; what it shows then.

        Args:
            mode: `time` goes on by itself, `manual` stands until it is advanced, `immediate` is the real
                time, but whatever needs time is already over.
            speed: Mock seconds for each real second, in the mode `time`.
            now: What it shall show; without it, it goes on from where it is.

        Raises:
            AdminError: There is no such clock.
        """
        setting: dict[str, Any] = {"mode": mode}
        if speed is not None:
            setting["speed"] = speed
        if isinstance(now, datetime):
            if now.tzinfo is None:
                raise ValueError(f"{now!r} has no time zone")
            now = now.isoformat()
        if now is not None:
            setting["now"] = now
        return _now(self._admin.call("PUT", "clock", setting))

    def advance(self, by: float | timedelta) -> datetime:
        """Let this much mock time pass at once, in seconds or as a timedelta; what the clock shows then.

        Raises:
            AdminError: That is backwards, or beyond the calendar.
        """
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        return _now(self._admin.call("POST", "clock/advance", {"seconds": seconds}))


@dataclass(frozen=True, slots=True)
class Job:
    """A LiveRig job, as far as it had come when it was asked for (L18).

    Attributes:
        uuid: What the operation answered.
        created: When it was accepted, on the session's clock.
        status: `In progress`, `Success` or `failure`.
        percentage: How much of it is done, from 0 to 100.
        logs: How many logs were asked for.
        document: All that the control API shows of it in a list.
    """

    uuid: str
    created: datetime
    status: str
    percentage: float
    logs: int
    document: Mapping[str, Any] = field(repr=False)
    _admin: Admin = field(repr=False, compare=False)

    @classmethod
    def read(cls, admin: Admin, document: Mapping[str, Any]) -> Job:
        """A job of the control API."""
        return cls(
            document["uuid"],
            instant(document["created"]),
            document["status"],
            document["percentage"],
            document["logs"],
            document,
            admin,
        )

    @property
    def children(self) -> list[dict[str, Any]]:
        """The job's logs as they are now, as the control API shows them."""
        children: list[dict[str, Any]] = self._admin.call("GET", f"jobs/{self.uuid}")["children"]
        return children

    @property
    def events(self) -> list[dict[str, Any]]:
        """The job's first 1000 events so far, as the control API shows them."""
        events: list[dict[str, Any]] = self._admin.call("GET", f"jobs/{self.uuid}/events", limit=ALL)[
            "events"
        ]
        return events


class HistdataMock:
    """A session of a mock: what a test points its client at, and what it then looks at.

    Attributes:
        url: The mock's address.
        session: The name of the session.
        token: A bearer token for the Nortech endpoint; it names the session, so a client needs nothing else.
        liverig_auth: A user name and a password for the LiveRig endpoint (Basic); they name the session too.
        headers: What names the session where a client sends no credential.
        clock: The session's clock.
        admin: The control API, for what is not here.
    """

    def __init__(self, admin: Admin, nortech_token: str = DEMO_TOKEN) -> None:
        self.admin = admin
        self.url = admin.url
        self.session = admin.session
        self.token = f"{nortech_token}~{self.session}"
        self.liverig_auth = (f"{LIVERIG_USER}~{self.session}", LIVERIG_USER)
        self.headers = {"X-Histdata-Session": self.session}
        self.clock = MockClock(admin)

    def __repr__(self) -> str:
        return f"<HistdataMock {self.url} session {self.session}>"

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change how the mock behaves in this session; all settings as they are then.

        Each argument is a member of the settings (`liverig`, `nortech`, `delays`); of what is in it only the
        members given change, and None is the start value again (RFC 7396).

        Raises:
            AdminError: There are no such settings.
        """
        settings: dict[str, Any] = (
            self.admin.call("PATCH", "settings", changes) if changes else self.admin.call("GET", "settings")
        )
        return settings

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The requests of this session, oldest first; the newest 1000 of them."""
        entries = self.admin.call("GET", "requests", limit=ALL)["requests"]
        return [received(entry) for entry in reversed(entries)]

    @property
    def jobs(self) -> list[Job]:
        """The LiveRig jobs of this session, oldest first; the newest 1000 of them."""
        jobs = self.admin.call("GET", "jobs", limit=ALL)["jobs"]
        return [Job.read(self.admin, job) for job in reversed(jobs)]

    def snapshot(self) -> dict[str, Any]:
        """The session's whole state as one JSON document, to be put back or attached to a report."""
        snapshot: dict[str, Any] = self.admin.call("GET", "snapshot")
        return snapshot

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Put a snapshot in the place of the session's state.

        Raises:
            AdminError: It is none; nothing has changed.
        """
        self.admin.call("PUT", "snapshot", snapshot)

    def reset(self) -> None:
        """Forget the session's jobs, requests, settings and clock."""
        self.admin.call("POST", "reset")

    def assert_requested(
        self,
        *,
        method: str | None = None,
        path: str | None = None,
        query: Mapping[str, str | Mapping[str, Any] | None] | None = None,
        headers: Mapping[str, str | Mapping[str, Any] | None] | None = None,
        json: Any = ANYTHING,
        body: str | Mapping[str, Any] | None = None,
        times: int | None = None,
    ) -> list[ReceivedRequest]:
        """Fail unless the session was sent such a request; all such requests, oldest first.

        What is not given may be anything. A value of `query` and `headers`, and `body`, is the text that it
        has to be, or one of WireMock's matchers (`{"matches": ".*"}`); None in `query` and `headers` is for
        what must not be there.

        Args:
            method: The method.
            path: The path, without the query.
            query: Parameters of the query; there may be others.
            headers: Headers; there may be others. Of a credential only whether it is there can be asked.
            json: What the body has to be, as JSON.
            body: What the body has to be, as text.
            times: How many such requests there have to be; None is one or more.

        Raises:
            AssertionError: There are not so many; says which request comes nearest, and what differs.
            AdminError: It cannot be decided.
        """
        __tracebackhide__ = True
        pattern = _pattern(method, path, query, headers, json, body)
        ids = {found["id"] for found in self.admin.call("POST", "requests/find", pattern)["requests"]}
        requests = self.requests
        matching = [request for request in requests if request.id in ids]
        if (len(matching) >= 1) if times is None else (len(matching) == times):
            return matching
        raise AssertionError(self._explanation(pattern, times, requests, matching))

    def _explanation(
        self,
        pattern: dict[str, Any],
        times: int | None,
        requests: Sequence[ReceivedRequest],
        matching: Sequence[ReceivedRequest],
    ) -> str:
        expected = "at least one request" if times is None else _counted(times, "request")
        count = f"{len(matching) or 'none'} of the {len(requests)} in this session"
        lines = [f"Expected {expected}, and {count} matched:", *_described(pattern)]
        if matching:
            lines += ["", "What matched:", *(f"  {request}" for request in matching[:MANY])]
            if len(matching) > MANY:
                lines.append(f"  … and {len(matching) - MANY} more")
        elif requests:
            nearest = self.admin.call("POST", "near-misses/request-pattern", pattern)["nearMisses"][0]
            number = next(
                number for number, each in enumerate(requests, 1) if each.id == nearest["request"]["id"]
            )
            lines += ["", f"The nearest one is number {number}: {requests[number - 1]}"]
            for difference in nearest["matchResult"]["differences"]:
                lines += [
                    f"! {difference['place']}",
                    f"    expected: {difference.get('expected', NOTHING)}",
                    f"    received: {difference.get('actual', NOTHING)}",
                ]
        else:
            lines += ["", *self._whereabouts()]
        return "\n".join(lines)

    def _whereabouts(self) -> list[str]:
        """Where the requests may be that a session without any should have."""
        elsewhere = self.admin.call("GET", "requests", session=DEFAULT, limit=0)["meta"]["total"]
        lines = [
            f"Nothing reached the session {self.session} at {self.url}.",
            "A client belongs to it by histdata_mock.headers, .token or .liverig_auth.",
        ]
        if elsewhere:
            lines.append(f"The session {DEFAULT!r}, of clients that name none, holds {elsewhere}.")
        return lines


def _pattern(
    method: str | None,
    path: str | None,
    query: Mapping[str, Any] | None,
    headers: Mapping[str, Any] | None,
    json: Any,
    body: str | Mapping[str, Any] | None,
) -> dict[str, Any]:
    """WireMock's request pattern for these expectations."""
    pattern: dict[str, Any] = {}
    if method is not None:
        pattern["method"] = method
    if path is not None:
        pattern["urlPath"] = path
    if query:
        pattern["queryParameters"] = {name: _matcher(value) for name, value in query.items()}
    if headers:
        pattern["headers"] = {name: _matcher(value) for name, value in headers.items()}
    bodies = []
    if json is not ANYTHING:
        # As text: a placeholder in it, or a text itself, is meant as it stands.
        bodies.append({"equalToJson": json_text.dumps(json)})
    if body is not None:
        bodies.append(_matcher(body))
    if bodies:
        pattern["bodyPatterns"] = bodies
    return pattern


def _matcher(value: str | Mapping[str, Any] | None) -> dict[str, Any]:
    if value is None:
        return {"absent": True}
    return {"equalTo": value} if isinstance(value, str) else dict(value)


def _described(pattern: Mapping[str, Any]) -> list[str]:
    """A pattern for people, a line for each part."""
    lines = [f"  {pattern.get('method', 'any method')} {pattern.get('urlPath', 'any path')}"]
    for part, title in (("queryParameters", "query"), ("headers", "headers")):
        lines += [f"  {title}.{name}: {_told(matcher)}" for name, matcher in pattern.get(part, {}).items()]
    lines += [f"  body: {_told(matcher)}" for matcher in pattern.get("bodyPatterns", [])]
    return lines


def _told(matcher: Mapping[str, Any]) -> str:
    for plain in ("equalTo", "equalToJson"):
        if list(matcher) == [plain]:
            return str(matcher[plain])
    return "absent" if "absent" in matcher else json_text.dumps(matcher)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _now(clock: Mapping[str, Any]) -> datetime:
    return instant(clock["now"])
