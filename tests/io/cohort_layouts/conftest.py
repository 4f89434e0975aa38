"""Small folders in the place of collections: names as distributed, images of a few voxels."""

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest


@pytest.fixture
def collection(tmp_path: Path) -> Callable[..., Path]:
    """Write files below one folder: tables with their text, all others as tiny images."""
    rng = np.random.default_rng(0)
    root = tmp_path / "collection"
    root.mkdir()

    def write(*images: str, tables: dict[str, str] | None = None) -> Path:
        for name in images:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            array = rng.integers(1, 100, (2, 3, 4)).astype(np.int16)
            nib.save(nib.Nifti1Image(array, np.eye(4)), path)
        for name, text in (tables or {}).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return write


@pytest.fixture
def rows(tmp_path: Path) -> Callable[..., dict[str, dict[str, str]]]:
    """Find, write and read again: the cells of each study, paths from the collection's folder."""
    from gliokit.io.cohort_layouts.catalogue import CohortLayoutName, find_cohort
    from gliokit.io.cohort_layouts.table import write_cohort_table
    from gliokit.io.cohorts import PATH_COLUMNS, read_cohort

    def read(name: str, root: Path, **options: bool) -> dict[str, dict[str, str]]:
        table = tmp_path / "tables" / "cohort.csv"
        write_cohort_table(find_cohort(CohortLayoutName(name), root), table, force=True, **options)
        cohort = read_cohort(table)
        for row in cohort.rows:
            assert cohort.load(row).study_id == row.study_id
        return {
            row.study_id: {
                column: str(Path(cell).resolve().relative_to(root.resolve()))
                if column in PATH_COLUMNS
                else cell
                for column, cell in row.cells.items()
            }
            for row in cohort.rows
        }

    return read
