"""BraTS over the years: who the patient is, when, and what the tables say."""

import pytest

from gliokit.io.cohort_layouts.brats import find_brats

ENDS_2020 = ("t1", "t1ce", "t2", "flair", "seg")
ENDS_2023 = ("t1n", "t1c", "t2w", "t2f", "seg")


def study(name, *, ends=ENDS_2020, sign="_", suffix=".nii.gz", folder=""):
    return [f"{folder}{name}/{name}{sign}{end}{suffix}" for end in ends]


def new(name):
    return study(name, ends=ENDS_2023, sign="-")


@pytest.mark.parametrize(
    ("files", "patient", "phase"),
    [
        (study("Brats17_CBICA_AAB_1", folder="HGG/"), "Brats17_CBICA_AAB", "pre-operative"),
        (study("Brats18_TCIA08_469_1", folder="LGG/"), "Brats18_TCIA08_469", "pre-operative"),
        (study("BraTS19_2013_10_1"), "BraTS19_2013_10", "pre-operative"),
        (study("BraTS20_Training_001", suffix=".nii"), "BraTS20_Training_001", "pre-operative"),
        (study("BraTS2021_00000"), "BraTS2021_00000", "pre-operative"),
        (new("BraTS-GLI-00000-000"), "BraTS-GLI-00000", "pre-operative"),
        (new("BraTS-GLI-00000-001"), "BraTS-GLI-00000", None),
        (new("BraTS-SSA-00002-000"), "BraTS-SSA-00002", None),
        (new("BraTS-GLI-00005-101"), "BraTS-GLI-00005", "post-operative"),
    ],
)
def test_every_year_is_read(collection, rows, files, patient, phase):
    (row,) = rows("brats", collection(*files)).values()
    assert row["patient_id"] == patient
    assert row.get("phase") == phase
    assert [row[column] for column in ("t1", "t1c", "t2", "flair", "labels")] == files


def test_time_points_of_a_patient_share_its_id(collection, rows):
    names = ("BraTS-GLI-00005-100", "BraTS-GLI-00005-101", "BraTS-GLI-00006-100")
    found = rows("brats", collection(*(path for name in names for path in new(name))))
    assert [row["patient_id"] for row in found.values()] == [
        "BraTS-GLI-00005",
        "BraTS-GLI-00005",
        "BraTS-GLI-00006",
    ]


def test_patient_folders_of_any_name_are_read(collection, rows):
    files = [f"P7/P7-002/P7-002-{end}.nii.gz" for end in ENDS_2023]
    found = rows("brats", collection(*files))
    assert found["P7-002"]["patient_id"] == "P7"


def test_tables_of_2020_give_age_survival_and_resection(collection, rows):
    names = [f"BraTS20_Training_00{n}" for n in (1, 2, 3)]
    root = collection(
        *(path for name in names for path in study(name)),
        tables={
            "survival_info.csv": (
                "Brats20ID,Age,Survival_days,Extent_of_Resection\n"
                f"{names[0]},60.463,289,GTR\n"
                f"{names[1]},52.263,ALIVE (361 days later),STR\n"
                f"{names[2]},54.301,616,NA\n"
            ),
            "name_mapping.csv": (
                "Grade,BraTS_2017_subject_ID,BraTS_2020_subject_ID\n"
                f"HGG,NA,{names[0]}\nLGG,NA,{names[1]}\n"
            ),
        },
    )
    found = rows("brats", root)
    columns = ("age", "os_days", "os_event", "resection")
    assert [[found[name].get(column) for column in columns] for name in names] == [
        ["60.463", "289", "1", "GTR"],
        ["52.263", "361", "0", "STR"],
        ["54.301", "616", "1", None],
    ]
    assert {(c.text, n) for c, n in find_brats(root).unread().items()} == {("HGG", 1), ("LGG", 1)}


def test_table_of_2018_is_read_by_its_own_columns(collection, rows):
    root = collection(
        *study("Brats18_TCIA08_167_1"),
        tables={"survival_data.csv": "BraTS18ID,Age,Survival,ResectionStatus\n"
                "Brats18_TCIA08_167_1,74.907,153,NA\n"},
    )  # fmt: skip
    (row,) = rows("brats", root).values()
    assert (row["age"], row["os_days"], row["os_event"]) == ("74.907", "153", "1")


def test_mgmt_and_site_of_2021_come_from_their_tables(collection, rows):
    root = collection(
        *study("BraTS2021_00002"),
        tables={
            "train_labels.csv": "BraTS21ID,MGMT_value\n00002,1\n",
            "BraTS21-17_Mapping.csv": (
                "BraTS2021;Site No (represents the originating institution)\nBraTS2021_00002;4\n"
            ),
        },
    )
    (row,) = rows("brats", root).values()
    assert (row["mgmt"], row["site"]) == ("methylated", "site-4")


def test_mapping_that_is_no_csv_is_named(collection):
    root = collection(*study("BraTS2021_00002"), tables={"BraTS2021_MappingToTCIA.xlsx": ""})
    assert find_brats(root).notes == (
        "BraTS2021_MappingToTCIA.xlsx is not read; save it as CSV beside it",
    )


def test_misnamed_label_map_of_2020_is_found(collection, rows):
    name = "BraTS20_Training_355"
    root = collection(*study(name, ends=ENDS_2020[:4]), f"{name}/W39_1998.09.19_Segm.nii")
    (row,) = rows("brats", root).values()
    assert row["labels"] == f"{name}/W39_1998.09.19_Segm.nii"


def test_other_tumors_empty_and_doubtful_studies_are_named(collection):
    root = collection(
        *new("BraTS-GLI-00000-000"),
        *new("BraTS-MEN-00004-000"),
        "BraTS-GLI-00001-000/readme.nii.gz",
        *new("BraTS-GLI-00002-000"),
        "BraTS-GLI-00002-000/t1ce.nii.gz",
    )
    left = {item.study_id: item.reason for item in find_brats(root).left_out}
    assert left == {
        "BraTS-GLI-00001-000": "no image of t1, t1c, t2 or flair",
        "BraTS-GLI-00002-000": "BraTS-GLI-00002-000-t1c.nii.gz, t1ce.nii.gz could each be t1c",
        "BraTS-MEN-00004-000": "BraTS-MEN is no adult glioma, its labels differ",
    }


def test_table_of_somebody_else_stops_nothing(collection, rows):
    root = collection(*study("BraTS2021_00002"), tables={"radiomics.csv": "ID,Age\nx,1\n"})
    (root / "latin.csv").write_bytes(b"na\xefve\n")
    assert list(rows("brats", root)) == ["BraTS2021_00002"]
    (note,) = find_brats(root).notes
    assert "latin.csv: cannot be read" in note
