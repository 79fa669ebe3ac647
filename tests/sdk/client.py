"""What a user of the vendor's client would write; run by its own Python, which has no part of this project.

    python client.py URL FOLDER

FOLDER receives `answers.json` and the files that the client downloaded. The token comes from NORTECH_API_KEY.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from nortech import Nortech
from nortech.datatools.values.windowing import TimeWindow

FORMATS = ("parquet", "csv", "json")


def signal(number: int) -> dict[str, str]:
    """The client's own way to name a signal."""
    return {
        "workspace": "Workspace 1",
        "asset": "Asset 1",
        "division": "Division 1",
        "unit": "Unit 1",
        "signal": f"Signal {number}",
    }


def window(year: int, zone: tzinfo) -> Any:
    """Ten minutes of the first of September."""
    return TimeWindow(
        start=datetime(year, 9, 1, tzinfo=zone), end=datetime(year, 9, 1, minute=10, tzinfo=zone)
    )


def table(frame: pl.DataFrame) -> dict[str, Any]:
    """A polars frame as plain data."""
    return {
        "types": {name: str(kind) for name, kind in frame.schema.items()},
        "rows": [[moment.isoformat(), *values] for moment, *values in frame.rows()],
    }


def main(url: str, folder: Path) -> None:
    """Read, download and ask for nothing, in every way that the client has."""
    client = Nortech(url=url)
    signals, utc = [signal(1), signal(2)], window(2021, UTC)
    readers = client.datatools

    answers: dict[str, Any] = {"polars": table(readers.polars.get_df(signals, utc))}
    answers["lazy"] = table(readers.polars.get_lazy_df(signals, utc).collect())
    pandas = readers.pandas.get_df(signals, utc).reset_index()
    answers["pandas"] = {
        "types": {name: str(kind) for name, kind in pandas.dtypes.items()},
        "rows": [[row[0].isoformat(), *map(float, row[1:])] for row in pandas.itertuples(index=False)],
    }
    answers["elsewhere"] = table(readers.polars.get_df(signals, window(2021, ZoneInfo("America/Bahia"))))
    answers["no data"] = table(readers.polars.get_df([signal(9)], utc))
    answers["too early"] = table(readers.polars.get_df(signals, window(2020, UTC)))
    answers["too early, pandas"] = list(
        readers.pandas.get_df(signals, window(2020, UTC)).reset_index().columns
    )

    for name in FORMATS:
        path = folder / f"data.{name}"
        readers.download.download_data(signals, utc, str(path), name)
    frames = {
        "parquet": pl.read_parquet(folder / "data.parquet"),
        "csv": pl.read_csv(folder / "data.csv"),
        "json": pl.read_json(folder / "data.json"),
    }
    answers["downloads"] = {
        name: {"columns": frame.columns, "values": [list(row[1:]) for row in frame.rows()]}
        for name, frame in frames.items()
    }
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
