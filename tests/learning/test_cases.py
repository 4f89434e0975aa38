"""Prepared studies: on disk as long as they are used, and patients count alike."""

import gc
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest

from gliokit.core.cohort import Cohort, Row
from gliokit.learning.cases import MAPS_AT_A_TIME, Cases

STUDIES = {"A1": "A", "A2": "A", "A3": "A", "B1": "B"}


@pytest.fixture
def cohort() -> Cohort:
    rows = [Row(n, patient, study, {}) for n, (study, patient) in enumerate(STUDIES.items(), 2)]
    return Cohort(rows, load=lambda row: row.study_id, load_labels=lambda row: row.number)


def prepare(study: str, labels: int) -> dict[str, np.ndarray]:
    return {"name": np.frombuffer(study.encode(), np.uint8), "labels": np.full((2, 2), labels)}


def folder_of(cases: Cases) -> Path:
    return Path(cases[0].arrays["labels"].filename).parent


def test_arrays_are_what_prepare_made_and_cannot_be_written(cohort):
    with Cases(cohort, prepare) as cases:
        assert [case.study_id for case in cases] == list(STUDIES)
        assert cases[1].arrays["labels"].tolist() == [[3, 3], [3, 3]]
        with pytest.raises(ValueError, match="read-only"):
            cases[1].arrays["labels"][:] = 0


def test_the_scratch_is_removed_in_the_end_and_when_something_fails(cohort, monkeypatch, tmp_path):
    with Cases(cohort, prepare) as cases:
        folder = folder_of(cases)
        assert folder.is_dir()
    assert not folder.exists()

    def fails(study, labels):
        if study == "A3":
            raise ValueError(study)
        return prepare(study, labels)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="A3"):
        Cases(cohort, fails)
    assert not list(tmp_path.iterdir())


def test_patients_are_drawn_alike_however_many_studies_they_have(cohort):
    rng = np.random.default_rng(0)
    with Cases(cohort, prepare) as cases:
        drawn = Counter(cases.draw(rng).study_id for _ in range(1200))
    assert drawn["B1"] == pytest.approx(600, abs=60)
    assert all(drawn[study] == pytest.approx(200, abs=50) for study in ("A1", "A2", "A3"))


def test_the_fingerprint_is_that_of_the_arrays(cohort):
    def otherwise(study, labels):
        return prepare(study, labels + (study == "B1"))

    found = []
    for how in (prepare, prepare, otherwise):
        with Cases(cohort, how) as cases:
            found.append(cases.sha256)
    assert found[0] == found[1] != found[2]


def test_an_empty_array_can_be_held(cohort):
    with Cases(cohort, lambda study, labels: {"none": np.zeros((0, 3))}) as cases:
        assert cases[0].arrays["none"].shape == (0, 3)


def test_files_are_mapped_once_and_few_at_a_time():
    many = [Row(number, f"P{number}", f"S{number}", {}) for number in range(200)]
    cohort = Cohort(many, load=lambda row: row.study_id, load_labels=lambda row: row.number)
    before = psutil.Process().num_fds()
    with Cases(cohort, prepare) as cases:
        assert cases[0].arrays["labels"] is cases[0].arrays["labels"]
        for case in cases:
            assert [len(array) for array in case.arrays.values()]
        assert psutil.Process().num_fds() - before <= MAPS_AT_A_TIME < 2 * len(cases)
    gc.collect()
    assert psutil.Process().num_fds() <= before
