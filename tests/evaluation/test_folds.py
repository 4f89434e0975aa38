"""Splits that keep patients apart and strata together."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.cohort import check_rows
from gliokit.core.errors import FoldError
from gliokit.evaluation.folds import (
    SIDES,
    Fold,
    FoldKind,
    check_apart,
    external_fold,
    from_json,
    inner_folds,
    patient_folds,
    patient_of,
    site_folds,
    to_json,
)


def cohort(patients=12, *, positive=4, visits=1, sites=3, prefix="P"):
    """Make rows; the first `positive` patients are mutant, every third has twice the visits."""
    table = [
        {
            "patient_id": f"{prefix}{p:03d}",
            "study_id": f"{prefix}{p:03d}-{visit}",
            "site": f"site{p % sites}",
            "idh": "mutant" if p < positive else "wildtype",
        }
        for p in range(patients)
        for visit in range(visits * (2 if p % 3 == 0 else 1))
    ]
    return check_rows(table, source="table")


def everybody(fold):
    return [study for side in SIDES for study in getattr(fold, side)]


def strata(rows, studies):
    return Counter(
        {row.patient_id: row.cells["idh"] for row in rows if row.study_id in studies}.values()
    )


def test_few_patients_are_dealt_evenly():
    rows = cohort(12, positive=4)
    folds = patient_folds(rows, seed=0, folds=4, stratify="idh", validation=0.25)
    for fold in folds.folds:
        assert strata(rows, fold.test) == {"wildtype": 2, "mutant": 1}
        assert sum(strata(rows, fold.validation).values()) == 2


@pytest.mark.parametrize("positive", [0, 1, 3, 7, 50])
@pytest.mark.parametrize("seed", [0, 1])
def test_folds_and_strata_differ_by_at_most_one_patient(positive, seed):
    rows = cohort(53, positive=positive)
    folds = patient_folds(rows, seed=seed, folds=5, stratify="idh").folds
    counts = [strata(rows, fold.test) for fold in folds]
    for of_stratum in ("mutant", "wildtype"):
        assert np.ptp([count[of_stratum] for count in counts]) <= 1
    assert np.ptp([sum(count.values()) for count in counts]) <= 1


def test_validation_holds_the_strata_in_their_shares():
    rows = cohort(40, positive=20)
    for fold in patient_folds(rows, seed=3, folds=4, stratify="idh", validation=0.2).folds:
        assert strata(rows, fold.validation) == {"wildtype": 3, "mutant": 3}


@pytest.mark.parametrize("stratify", [None, "idh", lambda row: row.cells["site"]])
def test_every_study_is_tested_once_in_each_repeat_and_patients_stay_apart(stratify):
    rows = cohort(20, visits=2)
    folds = patient_folds(rows, seed=0, folds=4, repeats=3, stratify=stratify)
    assert [fold.number for fold in folds.folds] == list(range(12))
    tested = Counter(study for fold in folds.folds for study in fold.test)
    assert tested == {row.study_id: 3 for row in rows}
    for fold in folds.folds:
        check_apart(fold, patient_of(rows))
        assert sorted(everybody(fold)) == sorted(row.study_id for row in rows)
    assert len({fold.test for fold in folds.folds}) == 12


def test_same_seed_gives_the_same_folds_whatever_the_order_of_rows():
    rows = cohort(15, visits=2)
    folds = patient_folds(rows, seed=5, stratify="idh")
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    assert patient_folds(shuffled, seed=5, stratify="idh") == folds
    assert patient_folds(rows, seed=6, stratify="idh").sha256 != folds.sha256
    assert site_folds(shuffled, seed=5) == site_folds(rows, seed=5)


def test_patient_whose_studies_differ_in_stratum_is_on_one_side():
    rows = cohort(8, visits=1)
    folds = patient_folds(rows, seed=0, folds=2, stratify=lambda row: row.study_id[-1])
    # patients 0, 3 and 6 have a study in each of two strata, and are dealt around too
    mixed = [{s[:4] for s in fold.test} & {"P000", "P003", "P006"} for fold in folds.folds]
    assert sorted(map(len, mixed)) == [1, 2]


def test_no_validation_can_be_asked_for():
    folds = patient_folds(cohort(4), seed=0, folds=4, validation=0)
    assert all(not fold.validation and len(fold.test) in (1, 2) for fold in folds.folds)


def test_one_site_is_left_out_at_a_time():
    rows = cohort(30, visits=2)
    folds = site_folds(rows, seed=0, stratify="idh")
    assert folds.kind is FoldKind.SITES
    site_of = {row.study_id: row.cells["site"] for row in rows}
    for number, fold in enumerate(folds.folds):
        assert {site_of[study] for study in fold.test} == {f"site{number}"}
        assert f"site{number}" not in {site_of[s] for s in (*fold.train, *fold.validation)}
        assert len(everybody(fold)) == len(rows)


def test_patient_seen_at_two_sites_teaches_at_neither_test():
    rows = cohort(9, visits=2)
    moved = rows[0]
    rows[0] = replace(moved, cells={**moved.cells, "site": "site2"})
    folds = site_folds(rows, seed=0).folds
    assert moved.study_id in folds[2].test
    assert moved.study_id not in everybody(folds[0])
    assert {"P000-1", "P000-2", "P000-3"} <= set(folds[0].test)
    assert not {"P000-1", "P000-2", "P000-3"} & set(everybody(folds[2]))


def test_external_cohort_is_the_only_test_side():
    rows, external = cohort(10), cohort(5, prefix="X")
    folds = external_fold(rows, external, seed=0, stratify="idh")
    (fold,) = folds.folds
    assert folds.kind is FoldKind.EXTERNAL
    assert fold.test == tuple(sorted(row.study_id for row in external))
    assert {*fold.train, *fold.validation} == {row.study_id for row in rows}
    assert fold.validation


def test_patient_in_both_cohorts_is_refused():
    rows, external = cohort(10), cohort(5, prefix="X")
    with pytest.raises(FoldError, match=r"studies P001-0 and X000-0 \(external\)"):
        external_fold(rows, [replace(external[0], patient_id="P001"), *external[2:]], seed=0)
    with pytest.raises(FoldError, match="study P000-0 stands in both cohorts"):
        external_fold(rows, cohort(3), seed=0)


def test_inner_folds_never_touch_the_outer_test_side():
    rows = cohort(20, visits=2)
    outer = patient_folds(rows, seed=0, stratify="idh").folds[1]
    inner = inner_folds(rows, outer, seed=0, folds=3, stratify="idh", validation=0.1)
    assert inner.kind is FoldKind.NESTED
    assert not {study for fold in inner.folds for study in everybody(fold)} & set(outer.test)
    tested = sorted(study for fold in inner.folds for study in fold.test)
    assert tested == sorted((*outer.train, *outer.validation))


def test_patient_on_two_sides_is_named_by_studies():
    rows = cohort(6, visits=2)
    fold = Fold(3, train=("P001-0", "P002-0"), validation=(), test=("P002-1",))
    with pytest.raises(FoldError, match=r"fold 3 .* P002-0 \(train\) and P002-1 \(test\)"):
        check_apart(fold, patient_of(rows))
    with pytest.raises(FoldError, match="names study X, which the cohort does not have"):
        check_apart(Fold(0, ("X",), (), ()), patient_of(rows))
    with pytest.raises(FoldError, match="on two sides"):
        inner_folds(rows, fold, seed=0)


def test_study_on_two_sides_is_refused():
    with pytest.raises(FoldError, match=r"A \(train\) and A \(validation\)"):
        check_apart(Fold(0, ("A",), ("A",), ()), {"A": "P"})


@pytest.mark.parametrize("kind", ["patients", "sites"])
def test_text_gives_the_same_folds(kind):
    rows = cohort(12)
    folds = patient_folds(rows, seed=2) if kind == "patients" else site_folds(rows, seed=2)
    text = to_json(folds)
    assert from_json(text) == folds
    assert json.loads(text)["sha256"] == folds.sha256


def test_altered_text_is_refused():
    text = to_json(patient_folds(cohort(12), seed=2))
    record = json.loads(text)
    record["folds"][0]["train"].append(record["folds"][0]["test"].pop())
    with pytest.raises(FoldError, match="the folds were altered: their hash is"):
        from_json(json.dumps(record))
    with pytest.raises(FoldError, match="the folds were altered"):
        from_json(text.replace('"seed": 2', '"seed": 3'))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "patients", "seed": 0, "folds": 3}'])
def test_text_that_is_something_else_is_refused(text):
    with pytest.raises(FoldError, match="no folds can be read"):
        from_json(text)


def test_impossible_splits_are_refused():
    rows = cohort(3)
    with pytest.raises(FoldError, match="4 folds of 3 patients"):
        patient_folds(rows, seed=0, folds=4)
    with pytest.raises(FoldError, match="0 times 3 folds"):
        patient_folds(rows, seed=0, folds=3, repeats=0)
    with pytest.raises(FoldError, match="leaves none to learn from"):
        patient_folds(cohort(2), seed=0, folds=2)
    with pytest.raises(FoldError, match="share of validation patients must lie in"):
        patient_folds(rows, seed=0, folds=3, validation=1)
    with pytest.raises(FoldError, match="no row has the column mgmt"):
        patient_folds(rows, seed=0, folds=3, stratify="mgmt")
    with pytest.raises(FoldError, match="the column scanner is empty in row 2, 3"):
        site_folds(rows, seed=0, site="scanner")
    with pytest.raises(FoldError, match="found 1 site in the column site"):
        site_folds(cohort(3, sites=1), seed=0)
    with pytest.raises(FoldError, match="external cohort has no rows"):
        external_fold(rows, [], seed=0)
