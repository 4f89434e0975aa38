"""Reasons that can be shown: they name columns of the table, not paths.

File and folder names may hold patient names.
"""

from gliokit.core.cohort import Row
from gliokit.io.cohorts import PATH_COLUMNS


def without_paths(text: str, row: Row) -> str:
    """Put the name of its column in the place of each path that a row holds."""
    paths = {
        " ".join(row.cells[column].split()): column  # as `reason` writes it, on one line
        for column in PATH_COLUMNS
        if column in row.cells
    }
    for path in sorted(paths, key=len, reverse=True):  # one may be the beginning of another
        text = text.replace(path, paths[path])
    return text
