"""BIDS: sessions of a subject, labels among the derivatives, columns by their names."""

import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohort_layouts.bids import find_bids
from gliokit.io.datasets import Extra, bids_path

ENDS = ("T1w", "ce-gadolinium_T1w", "T2w", "FLAIR")


def session(subject, name=""):
    folder = f"{subject}/{name}/anat" if name else f"{subject}/anat"
    stem = f"{subject}_{name}" if name else subject
    return [f"{folder}/{stem}_{end}.nii.gz" for end in ENDS]


def dseg(subject, name, pipeline="manual", desc=""):
    return f"derivatives/{pipeline}/{subject}/{name}/anat/{subject}_{name}{desc}_dseg.nii.gz"


def test_sessions_are_rows_of_one_subject(collection, rows):
    root = collection(
        *session("sub-01", "ses-1"),
        *session("sub-01", "ses-2"),
        dseg("sub-01", "ses-1"),
        tables={
            "participants.tsv": "participant_id\tage\tsex\tidh\nsub-01\t61\tmale\tmutant\n",
            "sub-01/sub-01_sessions.tsv": (
                "session_id\tage\tday\tphase\nses-1\tn/a\t0\tpre-operative\nses-2\t62\t365\tlater\n"
            ),
        },
    )
    found = rows("bids", root)
    first, second = found["sub-01_ses-1"], found["sub-01_ses-2"]
    assert first["patient_id"] == second["patient_id"] == "sub-01"
    assert [first[s] for s in MRSequence] == session("sub-01", "ses-1")
    assert first["labels"] == dseg("sub-01", "ses-1")
    assert (first["age"], first["sex"], first["day"]) == ("61", "M", "0")
    assert (second["age"], second["day"], second["idh"]) == ("62", "365", "mutant")
    assert "labels" not in second
    assert "phase" not in second
    assert [cell.text for cell in find_bids(root).unread()] == ["later"]


def test_subject_without_sessions_is_one_study(collection, rows):
    assert list(rows("bids", collection(*session("sub-01"), *session("sub-02")))) == [
        "sub-01",
        "sub-02",
    ]


def test_tissues_are_no_labels_and_two_maps_are_none(collection):
    root = collection(
        *session("sub-01", "ses-1"),
        dseg("sub-01", "ses-1", desc="_desc-tissues"),
        *session("sub-02", "ses-1"),
        dseg("sub-02", "ses-1"),
        dseg("sub-02", "ses-1", pipeline="program"),
    )
    found = find_bids(root)
    assert [study.labels for study in found.studies] == [None, None]
    assert [(c.column, n) for c, n in found.unread().items()] == [("labels", 1)]


def test_two_runs_and_missing_subjects_are_named(collection):
    root = collection(
        *session("sub-01"),
        *session("sub-02"),
        "sub-02/anat/sub-02_run-2_T2w.nii.gz",
        tables={"participants.tsv": "participant_id\nsub-01\nsub-02\nsub-03\n"},
    )
    left = {item.study_id: item.reason for item in find_bids(root).left_out}
    assert left == {
        "sub-02": "sub-02_T2w.nii.gz, sub-02_run-2_T2w.nii.gz could each be t2",
        "sub-03": "in participants.tsv, but without a folder",
    }


@pytest.mark.parametrize("visits", [1, 2])
def test_what_a_simulated_cohort_writes_as_bids_is_read(collection, rows, visits):
    studies = [f"SIM-00000-{visit:03d}" for visit in range(visits)]
    items = (*MRSequence, Extra.LABELS, Extra.TISSUES)
    root = collection(*(str(bids_path("SIM-00000", s, i)) for s in studies for i in items))
    found = rows("bids", root)
    assert [row["patient_id"] for row in found.values()] == ["sub-SIM00000"] * visits
    for study, row in zip(studies, found.values(), strict=True):
        assert row["labels"] == str(bids_path("SIM-00000", study, Extra.LABELS))
