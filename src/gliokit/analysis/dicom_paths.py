"""Which cells of a table name DICOM instead of NIfTI files; told without reading any."""

from collections.abc import Iterable
from pathlib import Path

from gliokit.core.cohort import Row
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import is_dicom, is_nifti


def holds_dicom(rows: Iterable[Row]) -> bool:
    """Tell whether a row names a folder or an archive of DICOM as one of its images."""
    return any(dicom_paths(row) for row in rows)


def dicom_paths(row: Row) -> dict[MRSequence, Path]:
    """Give the folders and archives of DICOM that a row names as images."""
    paths = {s: Path(row.cells[s]) for s in MRSequence if s in row.cells}
    return {
        sequence: path
        for sequence, path in paths.items()
        if not is_nifti(path.name) and path.exists() and is_dicom(path)
    }
