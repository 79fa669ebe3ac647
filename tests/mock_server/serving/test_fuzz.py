"""No input of any kind gives a traceback or a 500: whatever bytes are sent, over a real socket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.mock_server.conftest import Mock

# The mock outlives the examples on purpose: what one leaves behind must not harm the next.
ON_THE_WIRE = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

PATHS = [
    "/services/plugin-liverig/collectors/backlog-sync/request",
    "/api/v1/historical-data/sync",
    "/__admin/health",
    "/__admin/requests",
    "/__admin/jobs",
    "/__admin/jobs/02a7533a-fa69-46fc-9441-7592b9b9cb2a",
    "/files/1/000.parquet",
    "/files/99999999999999999999/000.csv",
]
MEMBERS = [
    "source",
    "rigName",
    "wells",
    "logs",
    "uid",
    "indexType",
    "start",
    "end",
    "depth",
    "uom",
    "qualifier",
    "instance",
    "signals",
    "timeWindow",
    "format",
    "workspace",
    "asset",
    "division",
    "unit",
    "signal",
    "rename",
]
VALUES = [
    "Example WITSML server",
    "RIG02",
    "Energistics-well-0001",
    "date time",
    "measured depth",
    "m",
    "qualifier",
    "Workspace 1",
    "Asset 1",
    "Division 1",
    "Unit 1",
    "Signal 1",
    "parquet",
    "timestamp",
    "100",
    "-0.5",
    "2024-01-03T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:60-23:59",
    "0000-02-30T24:00:00Z",
    1704250800000,
    253402300799999,
    9007199254740991,
    2**63,
    -(2**63),
    1,
    2,
    9,
    0,
    -1,
    1.5,
    1e308,
    True,
    None,
]

scalars = st.one_of(
    st.sampled_from(VALUES),
    st.text(max_size=8),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(MEMBERS) | st.text(max_size=4), inner, max_size=7),
    ),
    max_leaves=12,
)
instants = st.sampled_from([value for value in VALUES if isinstance(value, str)]) | st.datetimes().map(
    lambda moment: moment.isoformat() + "Z"
)
almost_history = st.fixed_dictionaries(
    {
        "signals": st.lists(st.sampled_from([1, 2, 9, 77]) | json_values, min_size=1, max_size=3),
        "timeWindow": st.fixed_dictionaries({"start": instants}, optional={"end": instants}),
    },
    optional={"format": st.sampled_from(["parquet", "json", "csv", "xml"])},
)
wells = st.dictionaries(
    st.sampled_from(["Energistics-well-0001", "", "x"]),
    st.dictionaries(
        st.sampled_from(["Energistics-w1-wellbore-0001", "/~01"]),
        st.fixed_dictionaries(
            {
                "logs": st.lists(
                    st.fixed_dictionaries(
                        {
                            "uid": st.sampled_from(["Energistics-w1-wb1-log-0002", "y"]),
                            "indexType": st.sampled_from(["date time", "measured depth", "other"]),
                        }
                    ),
                    max_size=2,
                )
            }
        ),
        max_size=2,
    ),
    max_size=2,
)
numbers = st.from_regex(r"\A-?[0-9]{1,14}(\.[0-9]{1,12})?\Z") | st.integers(0, 10**15)
almost_backlog = st.fixed_dictionaries(
    {
        "source": st.just("Example WITSML server"),
        "rigName": st.sampled_from(["RIG02", 2, "x"]),
        "wells": wells,
    },
    optional={
        "start": numbers,
        "end": numbers,
        "depth": st.fixed_dictionaries({"start": numbers, "end": numbers, "uom": st.just("m")}),
    },
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=200))
    value = draw(st.one_of(json_values, almost_history, almost_backlog))
    body = json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        # A byte taken out, put in or changed makes what no generator of JSON would.
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=2)) + body[at + draw(st.integers(0, 2)) :]
    return body


header_values = st.one_of(
    st.sampled_from(
        [
            b"application/json",
            b"APPLICATION/json ;charset=utf-8",
            b"application/json;charset=x",
            b"text/csv",
            b"multipart/form-data; boundary=x",
            b"application/x-www-form-urlencoded",
            b"Bearer histdata-demo-token",
            b"Basic x",
            b"code=500",
            b"code=404, example=noData",
            b"code=999",
            b"gzip",
            b'JSESSIONID="',
            b"a=b; c",
            b"localhost:1",
            b"[::1]",
            b"a b",
            b"0",
            b"bytes=0-1",
        ]
    ),
    st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\r\n\0")),
)
header_names = st.sampled_from(
    [
        b"Content-Type",
        b"Authorization",
        b"Prefer",
        b"Cookie",
        b"X-CSRF-Token",
        b"Host",
        b"Content-Encoding",
        b"Accept",
        b"Range",
        b"Expect",
        b"X-Other",
    ]
)
queries = st.one_of(
    st.just("qualifier=qualifier&instance=instance"),
    st.from_regex(
        r"\A(qualifier|instance|limit|[a-z\[\]%]{1,4})=([!-\"$-~]{0,8})(&(limit|instance)=[0-9%]{0,25})?\Z"
    ),
)


@ON_THE_WIRE
@given(
    method=st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", "OPTIONS"]),
    path=st.sampled_from(PATHS) | st.from_regex(r"\A/[!-\"$-~]{0,30}\Z"),
    query=queries,
    headers=st.lists(st.tuples(header_names, header_values), max_size=3),
    body=bodies(),
    chunked=st.booleans(),
    authorized=st.booleans(),
)
def test_whatever_is_sent_is_answered_without_a_fault(
    any_mock: Mock,
    method: str,
    path: str,
    query: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    chunked: bool,
    authorized: bool,
) -> None:
    lines = [f"{method} {path}?{query} HTTP/1.1".encode(), b"Connection: close"]
    names = {name for name, _ in headers}
    if b"Host" not in names:
        lines.append(b"Host: localhost")
    if b"Content-Type" not in names:
        lines.append(b"Content-Type: application/json")
    if authorized and b"Authorization" not in names:
        lines.append(b"Authorization: Bearer histdata-demo-token")
    lines += [name + b": " + value for name, value in headers]
    lines.append(b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body))
    sent = (
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        if chunked and body
        else b"0\r\n\r\n"
        if chunked
        else body
    )
    wished = any(name == b"Prefer" and b"500" in value for name, value in headers)

    answer = any_mock.send(b"\r\n".join(lines) + b"\r\n\r\n" + sent)

    assert answer.status < 500 or wished
    assert b"Traceback" not in answer.body
    assert b".py" not in answer.body
    if answer.status >= 400 and method != "HEAD" and answer.headers["content-type"] == "application/json":
        assert isinstance(answer.json(), dict)


@ON_THE_WIRE
@given(body=almost_history)
def test_each_almost_valid_request_for_history_is_answered_as_the_contract_says(
    any_mock: Mock, body: dict[str, Any]
) -> None:
    any_mock.history(body)


@ON_THE_WIRE
@given(body=almost_backlog)
def test_each_almost_valid_backlog_request_is_answered_as_the_contract_says(
    any_mock: Mock, body: dict[str, Any]
) -> None:
    response = any_mock.backlog(body)

    if response.ok:
        job = any_mock.admin(f"jobs/{response.json()['success']}").json()
        asked = [
            (well, wellbore, log["uid"])
            for well, wellbores in body["wells"].items()
            for wellbore, logs in wellbores.items()
            for log in logs["logs"]
        ]
        assert [(child["well"], child["wellbore"], child["log"]) for child in job["children"]] == asked
