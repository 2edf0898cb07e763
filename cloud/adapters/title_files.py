"""Title files: CSV with a header, or GeoJSON points. Rows come with the line they stand on."""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from cloud.errors import BadTitles
from cloud.usecases.titles import Row


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rows_of(path: Path) -> Iterator[Row]:
    try:
        yield from _geojson(path) if path.suffix in (".geojson", ".json") else _csv(path)
    except UnicodeDecodeError as error:
        raise BadTitles([f"byte {error.start}: the file is not UTF-8 text"]) from None


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, {name or "": value for name, value in row.items()}


def _geojson(path: Path) -> Iterator[Row]:
    """The line is the feature's number: a GeoJSON file need not have lines."""
    try:
        features = json.loads(path.read_text("utf-8"))["features"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise BadTitles([f"line 1: not a GeoJSON feature collection ({error})"]) from None
    for number, feature in enumerate(features, 1):
        yield number, _properties(feature)


def _properties(feature: object) -> dict[str, str]:
    if not isinstance(feature, dict):
        return {}
    row = {key: "" if v is None else str(v) for key, v in (feature.get("properties") or {}).items()}
    point = (feature.get("geometry") or {}).get("coordinates") or []
    if len(point) >= 2:
        row["lon"], row["lat"] = str(point[0]), str(point[1])
    return row
