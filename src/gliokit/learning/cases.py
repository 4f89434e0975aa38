"""Studies as arrays that training draws from, prepared once and mapped from disk.

A cohort may be larger than memory: the arrays of each study lie in a scratch folder and only the
pages that are drawn are read. The folder is removed when the cases are closed.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Cohort, Row
from gliokit.core.image import LabelMap
from gliokit.core.study import Study

Arrays: TypeAlias = Mapping[str, NDArray[np.generic]]

MAPS_AT_A_TIME = 256  # each keeps a file open, of which a system may allow no more than 1,000


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One prepared study.

    Attributes
    ----------
    patient_id, study_id : str
        Whose it is.
    arrays : mapping of str to array
        What `prepare` made of it, read-only.
    """

    patient_id: str
    study_id: str
    arrays: Arrays = field(repr=False)


class Cases:
    """The prepared studies of a cohort; use it as a context, which removes the scratch.

    Parameters
    ----------
    cohort : Cohort
        With labels.
    prepare : callable
        Study and its reference labels to named arrays.
    """

    def __init__(self, cohort: Cohort, prepare: Callable[[Study, LabelMap], Arrays]) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="gliokit-cases-")
        digest = sha256()
        self._cases = []
        try:
            for row in cohort.rows:
                arrays = prepare(cohort.load(row), cohort.load_labels(row))
                self._cases.append(_stored(row, arrays, Path(self._scratch.name)))
                digest.update(f"{row.patient_id} {row.study_id} ".encode())
                for name, array in sorted(arrays.items()):
                    digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
        except BaseException:
            self._scratch.cleanup()
            raise
        self.sha256 = digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cases.clear()
        _mapped.cache_clear()
        self._scratch.cleanup()

    def __len__(self) -> int:
        return len(self._cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)

    def __getitem__(self, number: int) -> Case:
        return self._cases[number]

    def draw(self, rng: np.random.Generator) -> Case:
        """Draw a patient, then one of the patient's studies: patients count alike."""
        of_patient: dict[str, list[Case]] = {}
        for case in self._cases:
            of_patient.setdefault(case.patient_id, []).append(case)
        studies = list(of_patient.values())[int(rng.integers(len(of_patient)))]
        return studies[int(rng.integers(len(studies)))]


@dataclass(frozen=True, slots=True)
class _Mapped(Mapping[str, NDArray[np.generic]]):
    """Arrays in files that are mapped when they are asked for."""

    folder: Path
    stem: str
    names: Sequence[str]

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        if name not in self.names:
            raise KeyError(name)
        return _mapped(f"{self.folder}/{self.stem}.{name}.npy")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@lru_cache(maxsize=MAPS_AT_A_TIME)
def _mapped(path: str) -> NDArray[np.generic]:
    """Map a file; to open it anew for each patch that is drawn would take longer than to learn."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _stored(row: Row, arrays: Arrays, folder: Path) -> Case:
    for name, array in arrays.items():
        np.save(folder / f"{row.study_id}.{name}.npy", array, allow_pickle=False)
    return Case(row.patient_id, row.study_id, _Mapped(folder, row.study_id, tuple(arrays)))
