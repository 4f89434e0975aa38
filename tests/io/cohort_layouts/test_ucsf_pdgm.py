"""UCSF-PDGM: three digits against four, follow-ups of the same patient, words of genotype."""

import pytest

from gliokit.io.cohort_layouts.ucsf_pdgm import find_ucsf_pdgm

HEADER = (
    "ID,Sex,Age at MRI,WHO CNS Grade,Final pathologic diagnosis (WHO 2021),MGMT status,MGMT index,"
    "1p/19q,IDH,1-dead 0-alive,OS,EOR,Biopsy prior to imaging,BraTS21 ID"
)
TABLE = "UCSF-PDGM-metadata_v5.csv"


def exam(study_id, *ends):
    ends = ends or ("T1", "T1_bias", "T1c", "T2", "FLAIR", "ADC", "tumor_segmentation")
    return [f"UCSF-PDGM-v5/{study_id}_nifti/{study_id}_{end}.nii.gz" for end in ends]


def line(study_id, *, mgmt="positive", codel="intact", idh="wildtype", age="66"):
    diagnosis = '"Glioblastoma, IDH-wildtype"'
    return f"{study_id},M,{age},4,{diagnosis},{mgmt},3,{codel},{idh},1,1303,STR,No,BraTS2021_00097"


def test_exam_becomes_a_row_with_the_facts_of_the_table(collection, rows):
    root = collection(
        *exam("UCSF-PDGM-0004"), tables={TABLE: "\n".join([HEADER, line("UCSF-PDGM-004")])}
    )
    inside = "UCSF-PDGM-v5/UCSF-PDGM-0004_nifti/UCSF-PDGM-0004"
    assert rows("ucsf-pdgm", root)["UCSF-PDGM-0004"] == {
        "patient_id": "UCSF-PDGM-0004",
        "study_id": "UCSF-PDGM-0004",
        "site": "UCSF",
        "scanner": "GE Discovery 750 3T",
        "phase": "pre-operative",
        "day": "0",
        "t1": f"{inside}_T1.nii.gz",
        "t1c": f"{inside}_T1c.nii.gz",
        "t2": f"{inside}_T2.nii.gz",
        "flair": f"{inside}_FLAIR.nii.gz",
        "labels": f"{inside}_tumor_segmentation.nii.gz",
        "age": "66",
        "sex": "M",
        "idh": "wildtype",
        "codel_1p19q": "intact",
        "mgmt": "methylated",
        "grade": "4",
        "resection": "STR",
        "os_days": "1303",
        "os_event": "1",
    }


def test_bias_corrected_image_stands_in_for_one_that_is_missing(collection, rows):
    row = rows("ucsf-pdgm", collection(*exam("UCSF-PDGM-0004", "T1_bias", "FLAIR")))
    assert row["UCSF-PDGM-0004"]["t1"].endswith("_T1_bias.nii.gz")
    assert "t1c" not in row["UCSF-PDGM-0004"]


def test_follow_up_is_a_later_day_of_the_same_patient(collection, rows):
    root = collection(
        *exam("UCSF-PDGM-0433"),
        *exam("UCSF-PDGM-0433_FU007d"),
        tables={
            TABLE: "\n".join(
                [HEADER, line("UCSF-PDGM-433"), line("UCSF-PDGM-0433_FU007d", age="67")]
            )
        },
    )
    found = rows("ucsf-pdgm", root)
    assert {row["patient_id"] for row in found.values()} == {"UCSF-PDGM-0433"}
    assert found["UCSF-PDGM-0433_FU007d"]["day"] == "7"
    assert found["UCSF-PDGM-0433_FU007d"]["age"] == "67"
    assert "phase" not in found["UCSF-PDGM-0433_FU007d"]


@pytest.mark.parametrize(
    ("word", "idh"),
    [
        ("wildtype", "wildtype"),
        ("mutated (NOS)", "mutant"),
        ("IDH1 p.R132H", "mutant"),
        ("IDH2 p.Arg172Trp", "mutant"),
        ("equivocal", None),
    ],
)
def test_idh_is_read_only_where_the_word_is_clear(collection, word, idh):
    text = "\n".join([HEADER, line("UCSF-PDGM-004", idh=word)])
    (study,) = find_ucsf_pdgm(collection(*exam("UCSF-PDGM-0004"), tables={TABLE: text})).studies
    assert study.facts.cells.get("idh") == idh
    assert [cell.text for cell in study.facts.unread] == ([] if idh else [word])


def test_unclear_words_are_counted_and_unknown_ones_are_not(collection):
    text = "\n".join(
        [
            HEADER,
            line("UCSF-PDGM-004", mgmt="indeterminate", codel="relative co-deletion"),
            line("UCSF-PDGM-005", mgmt="indeterminate", codel="unknown"),
        ]
    )
    root = collection(*exam("UCSF-PDGM-0004"), *exam("UCSF-PDGM-0005"), tables={TABLE: text})
    counted = {(c.column, c.text): times for c, times in find_ucsf_pdgm(root).unread().items()}
    assert counted == {
        ("mgmt", "indeterminate"): 2,
        ("codel_1p19q", "relative co-deletion"): 1,
    }


def test_exams_without_images_or_folder_are_named(collection):
    root = collection(
        *exam("UCSF-PDGM-0004"),
        *exam("UCSF-PDGM-0007", "ADC"),
        tables={TABLE: "\n".join([HEADER, line("UCSF-PDGM-004"), line("UCSF-PDGM-012")])},
    )
    left = {item.study_id: item.reason for item in find_ucsf_pdgm(root).left_out}
    assert left == {
        "UCSF-PDGM-0007": "no image of t1, t1c, t2 or flair in its folder",
        "UCSF-PDGM-0012": "in the table, but without a folder",
    }


def test_newest_of_two_tables_counts_and_is_named(collection):
    root = collection(
        *exam("UCSF-PDGM-0004"),
        tables={
            "UCSF-PDGM-metadata_v2.csv": "\n".join([HEADER, line("UCSF-PDGM-004", age="1")]),
            TABLE: "\n".join([HEADER, line("UCSF-PDGM-004", age="2")]),
        },
    )
    found = find_ucsf_pdgm(root)
    assert found.studies[0].facts.cells["age"] == "2"
    assert found.notes == (f"clinical columns are of {TABLE}",)


def test_collection_without_its_table_says_so(collection):
    found = find_ucsf_pdgm(collection(*exam("UCSF-PDGM-0004")))
    assert "clinical columns stay empty" in found.notes[0]
