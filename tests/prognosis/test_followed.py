"""Which study speaks for a patient, and what a system of survival may know of it."""

import numpy as np
import pytest

from gliokit.core.cohort import Cohort, check_rows
from gliokit.core.errors import CohortError, NotAssessableError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.prognosis.dempsey2005 import Dempsey2005
from gliokit.prognosis.followed import Description, first_studies, follow, followed_patients
from gliokit.prognosis.known_study import known

NOTHING = Description({})
OUTCOME = {"os_days": "300", "os_event": "1"}


def row(**cells):
    return check_rows([{"patient_id": "P", **cells}], source="table")[0]


def test_the_first_study_of_a_patient_speaks_for_him():
    rows = check_rows(
        [
            {"patient_id": "A", "study_id": "A2", "day": "90"},
            {"patient_id": "A", "study_id": "A1", "day": "-3"},
            {"patient_id": "B", "study_id": "B1"},
        ],
        source="table",
    )
    assert [own.study_id for own in first_studies(rows)] == ["A1", "B1"]


def test_survival_counts_from_the_scan():
    assert follow(row(day="40", **OUTCOME), NOTHING).days == 260
    assert follow(row(**OUTCOME), NOTHING).days == 300


@pytest.mark.parametrize(
    "cells", [{"os_days": "300"}, {"os_event": "1"}, {"day": "301", **OUTCOME}]
)
def test_follow_up_that_is_unknown_or_ended_before_the_scan_is_refused(cells):
    with pytest.raises(CohortError, match="row 2: os_days"):
        follow(row(**cells), NOTHING)


@pytest.fixture
def cohort():
    affine = np.eye(4)
    image = Image(np.ones((4, 4, 4), dtype=np.float32), affine)
    rows = check_rows(
        [
            {"patient_id": "A", "age": "61", "labels": "there", "therapy": "RT", **OUTCOME},
            {"patient_id": "B", "kps": "80", "mgmt": "methylated", **OUTCOME},
        ],
        source="table",
    )
    return Cohort(
        rows,
        lambda own: Study(own.study_id, {MRSequence.T1C: image}),
        lambda own: LabelMap(np.full((4, 4, 4), 3, dtype=np.uint8), affine),
    )


def test_a_known_study_holds_labels_and_facts_and_no_outcome(cohort):
    first, second = known(cohort).studies()
    assert first.facts == {"age": 61}
    assert first.labels.array.max() == 3
    assert second.facts == {"kps": 80}
    assert second.labels is None


def test_a_study_without_an_outline_gets_no_answer(cohort):
    with pytest.raises(NotAssessableError, match="study B has no outline of its tumor"):
        Dempsey2005().describe(known(cohort).load(cohort.rows[1]))


def test_a_study_that_cannot_be_described_is_left_out(cohort, caplog):
    found = followed_patients(cohort, lambda own, all_: Dempsey2005().describe(all_.load(own)))
    assert [own.patient_id for own in found] == ["A"]
    assert "study B is left out" in caplog.text
    assert found[0].classes == {}


def test_a_cohort_of_which_nothing_can_be_described_is_refused(cohort):
    last = cohort.only({"B"})
    with pytest.raises(CohortError, match="none of 1 studies can be described; the first: study B"):
        followed_patients(last, lambda own, all_: Dempsey2005().describe(all_.load(own)))
