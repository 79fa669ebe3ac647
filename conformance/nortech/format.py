"""The format of the file where none is asked for (N6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.check import Observation, check, kept
from conformance.nortech.asked import default_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.bench import Bench


@check("nortech.format.default", requests=1)
def default(bench: Bench) -> Iterator[Observation]:
    """By its bytes where it can be fetched, else by its name."""
    file = default_file(bench)
    found = file.format if file.is_there else file.name.rsplit(".", 1)[-1].lower()
    right = found == "parquet"
    yield (
        kept()
        if right
        else bench.finding(file.sent, "a Parquet file, which is the default", f"a file in {found} format")
    )
