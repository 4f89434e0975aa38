"""Tables as Parquet, for those who have pyarrow."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from gliokit.core.errors import OutputError

Column = Sequence[str] | Sequence[float]


def check_parquet() -> None:
    """Refuse to promise Parquet where it cannot be written.

    Raises
    ------
    OutputError
        If pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise OutputError(
            "Parquet needs pyarrow, which is not installed; run `pip install gliokit[parquet]`, or "
            "ask for CSV"
        )


def write_parquet(path: Path, columns: Mapping[str, Column]) -> None:
    """Write a table; the same columns give the same bytes.

    Parameters
    ----------
    path : Path
        Written as it is: give a temporary name.
    columns : mapping of str to (n,)
        Text or numbers.
    """
    check_parquet()
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    parquet.write_table(arrow.table(dict(columns)), path)
