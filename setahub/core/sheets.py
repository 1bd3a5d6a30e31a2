"""Tables that spreadsheet programs write as CSV: read, whatever they made of them."""

import csv
import io
from collections.abc import Sequence

ENCODINGS = ("utf-8-sig", "cp874")  # cp874 is TIS-620 with what Windows adds to it
BYTES_MAX = 2 * 1024 * 1024
ROWS_MAX = 5_000
CELL_MAX = 1_000  # characters


class Unreadable(ValueError):
    """``code``: what is wrong with the file: too_large, encoding, too_many, empty, columns, broken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rows_of(data: bytes, columns: Sequence[str], needed: Sequence[str]) -> list[dict[str, str]]:
    """The rows as texts by column, trimmed; a column that is not there is "".

    In UTF-8 or TIS-620, with commas or semicolons; columns in any order and any case, others are
    left aside. The n-th is the row that a spreadsheet program numbers n + 2, rows without any text
    included, so that what is wrong can be named by it. Raises Unreadable.
    """
    if len(data) > BYTES_MAX:
        raise Unreadable("too_large")
    text = _decoded(data)
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable("broken") from error
    if not table:
        raise Unreadable("empty")
    names = [_name(cell) for cell in table[0]]
    if any(name not in names for name in needed):
        raise Unreadable("columns")
    if len(table) - 1 > ROWS_MAX:
        raise Unreadable("too_many")
    places = {column: names.index(column) for column in columns if column in names}
    return [{column: _cell(row, places.get(column)) for column in columns} for row in table[1:]]


def _decoded(data: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable("encoding")


def _name(cell: str) -> str:
    return "_".join(cell.strip().lower().split())


def _cell(row: list[str], place: int | None) -> str:
    return row[place].strip()[:CELL_MAX] if place is not None and place < len(row) else ""
