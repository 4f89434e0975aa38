"""A source's table of patients to our columns and words.

What a source calls unknown stays empty. A word that has no equal in ours (`indeterminate`,
`HGG`, `relative co-deletion`) stays empty too, and is counted: nothing is guessed.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from gliokit.core.cohort import NUMBERS
from gliokit.core.errors import LayoutError
from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus, Resection
from gliokit.io.cohort_layouts.found import Facts, Unread

Reading: TypeAlias = Callable[[str], str | None]  # a source's word to ours, None if we have none
Sources: TypeAlias = Mapping[str, tuple[str, Reading]]  # our column: theirs, and how to read it

UNKNOWN = frozenset({"", "na", "n/a", "nan", "none", "unknown", "not available", "not applicable"})
_MUTATION = re.compile(
    r"(idh[12]\s*)?(p\.)?([a-z]\d+[a-z]|[a-z]{3}\d+[a-z]{3})(\s*mut\w*)?"
    r"|mut(ated|ant)?( \(nos\))?"
)


def read_facts(record: Mapping[str, str], sources: Sources) -> Facts:
    """Translate one line of a source's table."""
    cells: dict[str, str] = {}
    unread = []
    for column, (source, reading) in sources.items():
        text = " ".join((record.get(source) or "").split())
        if text.casefold() in UNKNOWN:
            continue
        value = reading(text)
        if value is None:
            unread.append(Unread(column, text))
        else:
            cells[column] = value
    return Facts(cells, tuple(unread))


def joined(*facts: Facts) -> Facts:
    """Put facts together; the first that fills a column counts."""
    cells: dict[str, str] = {}
    for own in reversed(facts):
        cells |= own.cells
    return Facts(cells, tuple(dict.fromkeys(cell for own in facts for cell in own.unread)))


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a source's table: commas, semicolons or tabs.

    Raises
    ------
    LayoutError
        If it is no table in UTF-8.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            delimiter = max("\t;,", key=header.count)
            lines = list(csv.DictReader(file, delimiter=delimiter, restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LayoutError(f"{path}: cannot be read ({error}); needed a table in UTF-8") from None
    return [{(c or "").strip(): v for c, v in line.items() if c is not None} for line in lines]


def newest_table(root: Path, pattern: str) -> Path | None:
    """Find a collection's table by its name; of several versions, the last by name."""
    return max(root.rglob(pattern), key=lambda path: path.name, default=None)


def table_note(table: Path | None, pattern: str) -> Iterator[str]:
    """Say where clinical columns come from."""
    if table is None:
        yield f"no table {pattern} in the folder: clinical columns stay empty"
    else:
        yield f"clinical columns are of {table.name}"


def word(words: Mapping[str, str]) -> Reading:
    """Read a word in any case by a list of those that are known."""
    return lambda text: words.get(text.casefold())


def number(column: str, *, factor: float = 1) -> Reading:
    """Read a number that our column can hold, times `factor`."""
    low, high = NUMBERS[column]

    def reading(text: str) -> str | None:
        try:
            value = float(text) * factor
        except ValueError:
            return None
        return f"{value:.10g}" if low <= value <= high else None

    return reading


def idh(text: str) -> str | None:
    """Read `wildtype`, `WT`, `Mutated`, `mutated (NOS)`, `IDH1 p.R132H`, `R132H mut`."""
    plain = text.casefold()
    if plain in {"wildtype", "wild type", "wild-type", "wt"}:
        return IDHStatus.WILDTYPE
    return IDHStatus.MUTANT if _MUTATION.fullmatch(plain) else None


SEX: Reading = word({"m": "M", "male": "M", "f": "F", "female": "F"})
MGMT: Reading = word(
    {
        "methylated": MGMTStatus.METHYLATED,
        "positive": MGMTStatus.METHYLATED,
        "1": MGMTStatus.METHYLATED,
        "unmethylated": MGMTStatus.UNMETHYLATED,
        "not methylated": MGMTStatus.UNMETHYLATED,
        "negative": MGMTStatus.UNMETHYLATED,
        "0": MGMTStatus.UNMETHYLATED,
    }
)
CODELETION: Reading = word({"co-deletion": Codeletion.CODELETED, "intact": Codeletion.INTACT})
RESECTION: Reading = word(
    {
        "gtr": Resection.GROSS_TOTAL,
        "str": Resection.SUBTOTAL,
        "biopsy": Resection.BIOPSY,
    }
)
EVENT: Reading = word({"0": "0", "1": "1"})
GRADE: Reading = word({grade: grade for grade in "1234"})
