"""UPENN-GBM: two times of a patient, survival counted from two origins, two kinds of labels."""

import pytest

from gliokit.io.cohort_layouts.upenn_gbm import find_upenn_gbm

HEADER = (
    "ID,Gender,Age_at_scan_years,Survival_from_surgery_days_UPDATED,Survival_Status,"
    "Survival_Censor,Time_since_baseline_preop,GTR_over90percent,PsP_TP_score,IDH1,MGMT,KPS"
)
TABLE = "UPENN-GBM_clinical_info_v2.1.csv"
FIRST = "UPENN-GBM-00001_11,M,63.27,500,Deceased,NA,0,Y,Not Available,Wildtype,Unmethylated,80"
LATER = (
    "UPENN-GBM-00001_21,M,64.1,200,Deceased,NA,300,Not Applicable,5,NOS/NEC,Indeterminate,"
    "Not Available"
)


def scan(name, *ends):
    ends = ends or ("T1", "T1GD", "T2", "FLAIR")
    return [f"NIfTI-files/images_structural/{name}/{name}_{end}.nii.gz" for end in ends]


def corrected(name):
    return f"NIfTI-files/images_segm/{name}_segm.nii.gz"


def automatic(name):
    return f"NIfTI-files/automated_segm/{name}_automated_approx_segm.nii.gz"


def facts(collection, *lines, study="UPENN-GBM-00001_11"):
    names = {line.partition(",")[0] for line in lines}
    files = [path for name in sorted(names | {study}) for path in scan(name)]
    found = find_upenn_gbm(collection(*files, tables={TABLE: "\n".join([HEADER, *lines])}))
    return next(own for own in found.studies if own.study_id == study).facts


def test_scan_becomes_a_row_with_the_facts_of_the_table(collection, rows):
    name = "UPENN-GBM-00001_11"
    root = collection(*scan(name), corrected(name), tables={TABLE: f"{HEADER}\n{FIRST}"})
    inside = f"NIfTI-files/images_structural/{name}/{name}"
    assert rows("upenn-gbm", root)[name] == {
        "patient_id": "UPENN-GBM-00001",
        "study_id": name,
        "day": "0",
        "site": "UPenn",
        "phase": "pre-operative",
        "t1": f"{inside}_T1.nii.gz",
        "t1c": f"{inside}_T1GD.nii.gz",
        "t2": f"{inside}_T2.nii.gz",
        "flair": f"{inside}_FLAIR.nii.gz",
        "labels": corrected(name),
        "age": "63.27",
        "sex": "M",
        "kps": "80",
        "idh": "wildtype",
        "mgmt": "unmethylated",
        "resection": "GTR",
        "os_days": "500",
        "os_event": "1",
    }


def test_follow_up_takes_survival_of_its_patient_from_the_first_scan(collection):
    cells = facts(collection, FIRST, LATER, study="UPENN-GBM-00001_21").cells
    assert (cells["os_days"], cells["os_event"]) == ("500", "1")
    assert (cells["day"], cells["phase"], cells["age"]) == ("300", "post-operative", "64.1")


def test_follow_up_without_a_first_scan_has_no_survival(collection):
    assert "os_days" not in facts(collection, LATER, study="UPENN-GBM-00001_21").cells


@pytest.mark.parametrize(
    "status", ["Alive", "Lost to Follow-up", "Deceased - uncertain date of death"]
)
def test_survivors_are_censored_at_their_last_contact(collection, status):
    line = FIRST.replace("500,Deceased,NA", f"Not Available,{status},1234")
    cells = facts(collection, line).cells
    assert (cells["os_days"], cells["os_event"]) == ("1234", "0")


def test_less_than_ninety_percent_is_no_category_of_ours(collection):
    own = facts(collection, FIRST.replace(",Y,", ",N,"))
    assert "resection" not in own.cells
    assert [(cell.column, cell.text) for cell in own.unread] == [("resection", "N")]


def test_automatic_labels_are_taken_only_when_asked_for(collection, rows):
    one, two = "UPENN-GBM-00001_11", "UPENN-GBM-00002_11"
    root = collection(*scan(one), *scan(two), corrected(one), automatic(one), automatic(two))
    assert [row.get("labels") for row in rows("upenn-gbm", root).values()] == [corrected(one), None]
    asked = rows("upenn-gbm", root, automatic_labels=True).values()
    assert [row["labels"] for row in asked] == [corrected(one), automatic(two)]


def test_folder_of_the_images_alone_is_understood(collection, rows):
    root = collection(*scan("UPENN-GBM-00001_11"))
    inner = root / "NIfTI-files" / "images_structural"
    assert list(rows("upenn-gbm", inner)) == ["UPENN-GBM-00001_11"]
