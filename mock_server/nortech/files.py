"""The names and types of data files (N8)."""

from __future__ import annotations

MEDIA_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}


def name(file_format: str) -> str:
    """The name of the file, which ends in its format (N8)."""
    return f"000.{file_format}"


def size(file_format: str, rows: int, names: list[str]) -> int:
    """About how many bytes a file has, rather more than less."""
    if file_format == "json":
        return rows * (36 + sum(len(name) + 16 for name in names))
    return rows * (25 + 10 * len(names))
