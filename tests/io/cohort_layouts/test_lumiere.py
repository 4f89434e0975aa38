"""LUMIERE: visits in weeks, brains on one grid, and labels that are not ours."""

import pytest

from gliokit.io.cohort_layouts.lumiere import find_lumiere

RATING = (
    '"Rating (according to RANO, PD: Progressive disease, SD: Stable disease, PR: Partial '
    'response, CR: Complete response, Pre-Op: Pre-Operative, Post-Op: Post-Operative)"'
)
TABLES = {
    "LUMIERE-Demographics_Pathology.csv": (
        "Patient,Survival time (weeks),Sex,Age at surgery (years),IDH (WT: wild type),IDH method,"
        "MGMT qualitative,MGMT quantitative\n"
        "Patient-001,72,female,57,WT,BES,not methylated,0.00%\n"
    ),
    "LUMIERE-ExpertRating-v202211.csv": (
        f"Patient,Date,LessThan3Months,NonMeasurableLesions,{RATING}\n"
        "Patient-001,week-000-1,,,Pre-Op\n"
        "Patient-001,week-000-2,,,Post-Op \n"
        "Patient-001,week-044,x,,PD\n"
    ),
}


def visit(week, *, place="DeepBraTumIA-segmentation/atlas/skull_strip"):
    folder = f"Imaging/Patient-001/{week}"
    names = {
        "DeepBraTumIA-segmentation/atlas/skull_strip": "{}_skull_strip",
        "HD-GLIO-AUTO-segmentation/registered": "{}_r2s_bet_reg",
    }
    stems = [names[place].format(s) for s in ("t1", "ct1", "t2", "flair")]
    if "HD-GLIO" in place:
        stems = [stem.replace(stem.split("_")[0], stem.split("_")[0].upper(), 1) for stem in stems]
    return [f"{folder}/{place}/{stem}.nii.gz" for stem in stems]


def raw(week):
    return [f"Imaging/Patient-001/{week}/{s}.nii.gz" for s in ("T1", "CT1", "T2", "FLAIR")]


def test_visits_are_rows_of_one_patient_with_day_phase_and_facts(collection, rows):
    weeks = ("week-000-1", "week-000-2", "week-044")
    root = collection(*(f for week in weeks for f in (*visit(week), *raw(week))), tables=TABLES)
    found = rows("lumiere", root)
    assert {row["patient_id"] for row in found.values()} == {"Patient-001"}
    assert [(row["day"], row["phase"]) for row in found.values()] == [
        ("0", "pre-operative"),
        ("0", "post-operative"),
        ("308", "post-operative"),
    ]
    first = found["Patient-001_week-000-1"]
    assert first["t1c"].endswith("atlas/skull_strip/ct1_skull_strip.nii.gz")
    assert (first["age"], first["sex"], first["idh"]) == ("57", "F", "wildtype")
    assert (first["mgmt"], first["os_days"]) == ("unmethylated", "504")
    assert "os_event" not in first


def test_registered_brains_stand_in_for_those_of_the_atlas(collection, rows):
    root = collection(*visit("week-000", place="HD-GLIO-AUTO-segmentation/registered"))
    row = rows("lumiere", root)["Patient-001_week-000"]
    assert row["flair"].endswith("registered/FLAIR_r2s_bet_reg.nii.gz")
    assert {"t1", "t1c", "t2", "flair"} <= row.keys()


def test_images_of_two_grids_are_never_mixed(collection):
    partial = visit("week-000")[1:]
    other = visit("week-000", place="HD-GLIO-AUTO-segmentation/registered")
    (study,) = find_lumiere(collection(*partial, *other)).studies
    assert {path.parent.name for path in study.images.values()} == {"skull_strip"}
    assert "t1" not in study.images


def test_visit_with_images_as_scanned_only_is_left_out_with_the_reason(collection):
    (left,) = find_lumiere(collection(*raw("week-013"))).left_out
    assert left.study_id == "Patient-001_week-013"
    assert "each on its own grid" in left.reason


@pytest.mark.parametrize(
    "labels",
    [
        "DeepBraTumIA-segmentation/atlas/segmentation/seg_mask.nii.gz",
        "HD-GLIO-AUTO-segmentation/registered/segmentation.nii.gz",
    ],
)
def test_labels_that_number_other_tissues_are_not_written(collection, rows, labels):
    root = collection(*visit("week-000"), f"Imaging/Patient-001/week-000/{labels}")
    (row,) = rows("lumiere", root, automatic_labels=True).values()
    assert "labels" not in row
    assert "number other tissues" in find_lumiere(root).notes[-1]
