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
