"""Links to data files, and what HTTP lets a client do with a file: conditions, ranges, HEAD (N8)."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pyarrow.parquet
import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.nortech import download as downloads
from mock_server.nortech.conditional import UnsatisfiableError, satisfiable
from mock_server.nortech.download import DataFile, Download
from mock_server.nortech.spool import Spool
from mock_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping
    from pathlib import Path

    from tests.mock_server.conftest import Mock

ON_THE_WIRE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = itertools.count(1)
FORMATS = ["parquet", "json", "csv"]


def asking(file_format: str = "csv", **members: Any) -> dict[str, Any]:
    window = {"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:10:00Z"}
    return {"signals": [1, 101, 141], "timeWindow": window, "format": file_format, **members}


def link(mock: Mock, session: str = "default", **members: Any) -> str:
    answer = mock.history(asking(**members), headers={"X-Histdata-Session": session})
    assert answer.status_code == 200
    url: str = answer.json()["outputFile"]
    return url


@pytest.fixture
def session() -> str:
    return f"downloads-{next(NUMBERS)}"


@pytest.fixture(scope="module")
def url(mock: Mock) -> str:
    return link(mock)


@pytest.fixture(scope="module")
def whole(url: str) -> bytes:
    return requests.get(url, timeout=30).content


def get(url: str, method: str = "GET", **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, url, headers=named, timeout=30)


def refused(response: requests.Response, status: int, *words: str) -> None:
    assert response.status_code == status
    if response.request.method != "HEAD":
        assert response.json()["status"] == status
        assert all(word in response.json()["detail"] for word in words)


def part(url: str, **changes: str) -> str:
    """The link with some parts of its query changed, or without those that are empty."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), **changes}
    return urlunsplit(parts._replace(query=urlencode({k: v for k, v in query.items() if v})))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_is_good_only_as_it_was_given(mock: Mock, session: str, method: str) -> None:
    first, second = link(mock, session), link(mock, session)
    expires = int(dict(parse_qsl(urlsplit(first).query))["expires"])

    assert get(first, method).status_code == 200
    for changed in (
        part(first, expires=str(expires + 1)),
        part(first, signature="A" * 43),
        part(first, signature="é"),
        first.split("?")[0] + "?" + second.split("?")[1],
        first.replace(f"/files/{session}/", "/files/other/"),
        first.replace("000.csv", "000.json"),
    ):
        refused(get(changed, method), 403, "signature")
    for bare in (part(first, expires=""), part(first, signature=""), first.split("?")[0]):
        refused(get(bare, method), 403, "not signed")
    for nothing in (first.replace("000.csv", "001.csv"), first.replace("000.csv", "x/000.csv")):
        refused(get(nothing, method), 404)
    refused(get(part(first, expires="soon"), method), 400)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_expires_on_the_clock_of_its_session(mock: Mock, session: str, method: str) -> None:
    headers = {"X-Histdata-Session": session}
    mock.admin("settings", "PATCH", json={"nortech": {"linkSeconds": 60}}, headers=headers)
    mock.admin("clock", "PUT", json={"mode": "manual", "now": "2031-05-06T07:08:09Z"}, headers=headers)
    url = link(mock, session)
    other = link(mock, f"{session}-other")

    mock.admin("clock/advance", "POST", json={"seconds": 60}, headers=headers)
    assert get(url, method).status_code == 200
    mock.admin("clock/advance", "POST", json={"seconds": 1}, headers=headers)
    refused(get(url, method), 403, "expired")
    # A session's clock is no other session's.
    assert get(other, method).status_code == 200
    mock.admin("clock", "PUT", json={"mode": "manual", "now": "2031-05-06T07:08:09Z"}, headers=headers)
    assert get(url, method).status_code == 200


def test_the_journal_does_not_tell_a_link(mock: Mock, session: str) -> None:
    url = link(mock)
    query = dict(parse_qsl(urlsplit(url).query))

    get(url)

    noted = mock.admin("requests").text
    assert f"expires={query['expires']}" in noted
    # That of the answer is never noted, and the request's own is redacted.
    assert query["signature"] not in noted


def test_a_reset_takes_the_files_of_its_session(mock: Mock, session: str) -> None:
    url, other = link(mock, session), link(mock, f"{session}-other")

    mock.admin("reset", "POST", headers={"X-Histdata-Session": session})

    refused(get(url), 404)
    assert get(other).status_code == 200


@pytest.mark.parametrize("file_format", FORMATS)
def test_each_replica_serves_the_same_bytes_under_the_same_tag(
    start: Callable[[Settings], Mock], tmp_path: Path, file_format: str
) -> None:
    one, two = (start(Settings(state=tmp_path / "state.sqlite")) for _ in range(2))
    url = link(one, file_format=file_format)

    answers = [get(url), get(url.replace(one.url, two.url))]

    assert answers[0].content == answers[1].content
    for name in ("ETag", "Last-Modified", "Content-Length"):
        assert answers[0].headers[name] == answers[1].headers[name]


def test_the_tag_tells_files_apart(mock: Mock) -> None:
    links = [link(mock, file_format=each) for each in FORMATS] + [
        link(mock, signals=[1]),
        link(mock, signals=[101, 1, 141]),
        link(mock, timeWindow={"start": "2024-01-03T00:00:00Z", "end": "2024-01-03T00:10:01Z"}),
    ]

    tags = [get(url, "HEAD").headers["ETag"] for url in links]

    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') for tag in tags)


@pytest.mark.parametrize(
    "file_format, media_type",
    [
        ("parquet", "application/vnd.apache.parquet"),
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
    ],
)
def test_head_tells_what_get_would(mock: Mock, file_format: str, media_type: str) -> None:
    url = link(mock, file_format=file_format)

    head, full = get(url, "HEAD", Range="bytes=0-9"), get(url)

    assert head.status_code == full.status_code == 200
    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(full.content)
    names = ("Content-Type", "ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition")
    assert [head.headers[name] for name in names] == [full.headers[name] for name in names]
    assert full.headers["Content-Type"] == media_type
    assert full.headers["Accept-Ranges"] == "bytes"
    assert full.headers["Content-Disposition"] == f'attachment; filename="000.{file_format}"'


bounds = st.integers(0, 100_000)
ranges = st.one_of(
    st.tuples(bounds, bounds).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    bounds.map(lambda first: f"{first}-"),
    bounds.map(lambda last: f"-{last}"),
)


@ON_THE_WIRE
@given(wanted=ranges)
def test_a_range_is_that_part_of_the_file(url: str, whole: bytes, wanted: str) -> None:
    first, _, last = wanted.partition("-")
    size = len(whole)
    begin = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size

    answer = get(url, Range=f"bytes={wanted}")

    if begin >= size or wanted == "-0":
        refused(answer, 416)
        assert answer.headers["Content-Range"] == f"bytes */{size}"
    else:
        assert answer.status_code == 206
        assert answer.content == whole[begin:end]
        assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"


@pytest.mark.parametrize(
    "wanted", ["bytes=5-2", "bytes=a-b", "bytes=", "bytes=--5", "lines=1-2", "bytes", "bytes=-"]
)
def test_what_is_no_range_is_ignored(url: str, whole: bytes, wanted: str) -> None:
    answer = get(url, Range=wanted)

    assert answer.status_code == 200
    assert answer.content == whole


def test_several_ranges_come_in_several_parts(url: str, whole: bytes) -> None:
    answer = get(url, Range="bytes=0-9, 100-119, 999999999-, -5")

    assert answer.status_code == 206
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    parsed: Message = BytesParser().parsebytes(head + answer.content)
    parts = [piece for piece in parsed.get_payload() if isinstance(piece, Message)]
    assert [piece["Content-Range"] for piece in parts] == [
        f"bytes 0-9/{len(whole)}",
        f"bytes 100-119/{len(whole)}",
        f"bytes {len(whole) - 5}-{len(whole) - 1}/{len(whole)}",
    ]


def test_a_rest_is_given_only_of_the_same_file(url: str, whole: bytes) -> None:
    known = get(url, "HEAD").headers

    for same in (known["ETag"], known["Last-Modified"]):
        assert get(url, Range="bytes=10-", If_Range=same).content == whole[10:]
    for other in ('"another"', "W/" + known["ETag"], "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"):
        assert get(url, Range="bytes=10-", If_Range=other).content == whole
        assert get(url, Range="bytes=99999999-", If_Range=other).status_code == 200


def test_no_file_is_younger_than_the_answer_that_it_comes_with(mock: Mock) -> None:
    dates: set[str] = set()
    while len(dates) < 3:
        headers = get(link(mock)).headers
        dates.add(headers["Date"])
        assert parsedate_to_datetime(headers["Last-Modified"]) <= parsedate_to_datetime(headers["Date"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_that_has_the_file_is_told_so(url: str, method: str) -> None:
    tag, modified = (get(url, "HEAD").headers[name] for name in ("ETag", "Last-Modified"))
    early, late = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"

    cases: list[tuple[int, dict[str, str]]] = [
        (304, {"If_None_Match": tag}),
        (304, {"If_None_Match": f'"a", W/{tag}'}),
        (304, {"If_None_Match": "*"}),
        (200, {"If_None_Match": '"another"'}),
        # The tag says more than the time.
        (200, {"If_None_Match": '"another"', "If_Modified_Since": late}),
        (304, {"If_Modified_Since": modified}),
        (304, {"If_Modified_Since": late}),
        (200, {"If_Modified_Since": early}),
        (200, {"If_Modified_Since": "nonsense"}),
        (200, {"If_Match": tag}),
        (412, {"If_Match": '"another"'}),
        (412, {"If_Match": f"W/{tag}"}),
        (412, {"If_Unmodified_Since": early}),
        (200, {"If_Unmodified_Since": late}),
    ]
    for status, headers in cases:
        answer = get(url, method, **headers)
        assert answer.status_code == status, headers
        if status == 304:
            assert answer.content == b""
            assert answer.headers["ETag"] == tag


def test_parquet_is_read_by_its_parts(mock: Mock) -> None:
    """As DuckDB and polars do: the length by HEAD, then the end of the file, then the columns of interest."""
    url = link(mock, file_format="parquet")
    size = int(get(url, "HEAD").headers["Content-Length"])

    class Remote(io.RawIOBase):
        at = 0

        def seekable(self) -> bool:
            return True

        def readable(self) -> bool:
            return True

        def tell(self) -> int:
            return self.at

        def seek(self, offset: int, whence: int = 0) -> int:
            self.at = (0, self.at, size)[whence] + offset
            return self.at

        def readinto(self, buffer: Any) -> int:
            if self.at >= size or not len(buffer):
                return 0
            data = get(url, Range=f"bytes={self.at}-{self.at + len(buffer) - 1}").content
            buffer[: len(data)] = data
            self.at += len(data)
            return len(data)

    read = pyarrow.parquet.read_table(Remote(), columns=["141"])

    assert set(read["141"].to_pylist()) >= {"Drilling"}


def test_a_file_too_large_to_be_kept_is_sent_as_it_is_made(mock: Mock) -> None:
    url = link(mock, file_format="json", timeWindow={"start": "2021-01-01T00:00:00Z"})

    head = get(url, "HEAD")
    assert "Content-Length" not in head.headers
    assert head.headers["Accept-Ranges"] == "none"
    with requests.get(url, headers={"Range": "bytes=0-1"}, timeout=30, stream=True) as download:
        assert download.status_code == 200
        assert next(download.iter_content(65536))


@given(
    field=st.text("bytes=0123456789-, =x", max_size=20).map(lambda text: "bytes=" + text),
    size=st.integers(0, 50),
)
def test_a_range_field_is_one_of_the_file_or_none(field: str, size: int) -> None:
    try:
        kept = satisfiable(field, size)
    except UnsatisfiableError:
        return
    if kept is not None:
        for each in kept.removeprefix("bytes=").split(","):
            first, last = each.split("-")
            assert int(first) < size if first else int(last) > 0


def test_the_spool_makes_a_file_once_and_keeps_to_its_bound(tmp_path: Path) -> None:
    made: list[str] = []

    def making(key: str) -> Callable[[], Iterator[bytes]]:
        def make() -> Iterator[bytes]:
            made.append(key)
            yield key.encode() * 40

        return make

    async def use(spool: Spool, key: str) -> tuple[bytes, Path]:
        async with spool.file(key, making(key)) as spooled:
            await spooled.whole()
            return await asyncio.to_thread(spooled.path.read_bytes), spooled.path

    async def main() -> None:
        spool = Spool(max_bytes=100)
        try:
            same = await asyncio.gather(*(use(spool, "a") for _ in range(10)))
            assert {content for content, _ in same} == {b"a" * 40}
            assert made == ["a"]
            async with spool.file("a", making("a")) as held:
                paths = [(await use(spool, key))[1] for key in "bcd"]
                # What is being read stays, whatever else comes.
                assert held.path.exists()
            assert [path.exists() for path in paths] == [False, False, True]
            with pytest.raises(ZeroDivisionError):
                async with spool.file("broken", lambda: (bytes(1 // zero) for zero in [0])) as broken:
                    await broken.whole()
            assert (await use(spool, "e"))[0] == b"e" * 40
            folder = held.path.parent
        finally:
            spool.close()
        assert not folder.exists()

    asyncio.run(main())


@pytest.mark.parametrize("breaks", [False, True])
def test_a_file_that_takes_long_is_sent_as_it_is_made(breaks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "PATIENCE", 0)
    begun = threading.Event()
    sent: list[dict[str, Any]] = []

    def make() -> Iterator[bytes]:
        yield b"first"
        # The rest is made only when a client has read this.
        assert begun.wait(10)
        if breaks:
            raise OSError("the disk is full")
        yield b"last"

    async def receive() -> dict[str, Any]:
        return await asyncio.Future()

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))
        if message.get("body"):
            begun.set()

    async def fetch(spool: Spool) -> None:
        file = DataFile("000.csv", "text/csv", '"tag"', 0, True, make)
        await Download(file, spool)({"type": "http", "method": "GET", "headers": []}, receive, send)

    async def main() -> None:
        spool = Spool()
        try:
            await fetch(spool)
            await fetch(spool)
        finally:
            spool.close()

    if breaks:
        # The server closes the connection then, and the client sees that the answer has no end.
        with pytest.raises(OSError, match="disk is full"):
            asyncio.run(main())
        assert sent[-1]["more_body"]
        return
    asyncio.run(main())
    starts = [dict(each["headers"]) for each in sent if each["type"] == "http.response.start"]
    assert [start.get(b"content-length") for start in starts] == [None, b"9"]
    assert [start[b"accept-ranges"] for start in starts] == [b"bytes", b"bytes"]
    assert b"".join(each.get("body", b"") for each in sent) == b"firstlast" * 2
