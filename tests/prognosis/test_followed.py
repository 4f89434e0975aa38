"""Which study speaks for a patient, and what a system of survival may know of it."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.cohort import Cohort, check_rows
from gliokit.core.errors import CohortError, NotAssessableError, SettingsError
from gliokit.core.image import Image, LabelMap
from gliokit.core.settings import changed
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.prognosis.catalogue import SYSTEMS
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


def test_of_several_studies_without_a_day_none_is_called_the_first():
    rows = check_rows(
        [
            {"patient_id": "A", "study_id": "A1", "day": "3"},
            {"patient_id": "A", "study_id": "A2"},
        ],
        source="table",
    )
    with pytest.raises(CohortError, match="row 3: day empty, and patient A has 2 studies"):
        first_studies(rows)


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
    assert "1 of 2 studies are left out; the first: study B has no outline" in caplog.text
    assert found[0].classes == {}


def test_a_cohort_of_which_nothing_can_be_described_is_refused(cohort):
    last = cohort.only({"B"})
    with pytest.raises(CohortError, match="none of 1 studies can be described; the first: study B"):
        followed_patients(last, lambda own, all_: Dempsey2005().describe(all_.load(own)))


def test_a_file_that_is_not_there_leaves_out_its_study_only(cohort):
    def load(own):
        if own.patient_id == "B":
            raise CohortError("row 3, column t1c: no such file")
        return cohort.load(own)

    found = followed_patients(
        replace(cohort, load=load), lambda own, all_: Dempsey2005().describe(all_.load(own))
    )
    assert [own.patient_id for own in found] == ["A"]


def test_an_outcome_that_cannot_be_used_is_seen_before_any_image_is_read(cohort):
    early = [*cohort.rows, row(day="301", **OUTCOME)]

    def refuse(own):
        raise AssertionError(f"read {own.study_id}")

    with pytest.raises(CohortError, match="row 2: os_days 300, os_event 1, day 301"):
        followed_patients(replace(cohort, rows=early), lambda own, _: refuse(own))


@pytest.mark.parametrize(
    ("change", "needed"),
    [
        ({"outline": "mine"}, "one of labels, default"),
        ({"covariates": ["age", "os_days"]}, "a list: one of age, kps, grade"),
    ],
)
@pytest.mark.parametrize("kind", SYSTEMS.values(), ids=SYSTEMS)
def test_another_outline_or_covariate_is_refused_before_anything_is_done(kind, change, needed):
    with pytest.raises(SettingsError, match=needed):
        changed(kind.Settings(), change)
