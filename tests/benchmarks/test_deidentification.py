"""The benchmark of de-identification: what counts as left, as changed, and as consistent."""

from datetime import date, datetime, timedelta

import numpy as np
import pydicom
import pytest

from gliokit.io.dicom_writer import Element, StudyFacts, write_series

NAME = "Quillory"
MOVED = timedelta(days=-5000)
DAYS = (date(2014, 3, 9), date(2014, 6, 1))


@pytest.fixture
def benchmark(load):
    return load("deidentification")


@pytest.fixture
def visits(tmp_path, t1_series):
    """Write two studies of a patient, and copies that were de-identified by hand.

    Elements given are set in each copy of the first study.
    """

    def write(**elements):
        pairs = []
        for number, day in enumerate(DAYS):
            started = datetime.combine(day, datetime.min.time())
            name = Element(0x00081030, "LO", f"MR head {NAME}", (0x00400275,))
            facts = StudyFacts(str(day), started, "SIEMENS", "Skyra", "E11", 3.0, elements=(name,))
            folder = tmp_path / f"study{number}"
            array = np.arange(60, dtype=np.float32).reshape(5, 4, 3)
            write_series(folder, array, affine=np.eye(4), study=facts, series=t1_series)
            for path in sorted(folder.iterdir()):
                dataset = pydicom.dcmread(path)
                dataset.PatientID = "P1"
                dataset.StudyDate = f"{day + MOVED:%Y%m%d}"
                dataset.RequestAttributesSequence[0].StudyDescription = ""
                for keyword, value in elements.items() if number == 0 else ():
                    setattr(dataset, keyword, value)
                copy = tmp_path / f"out{number}{path.name}"
                dataset.save_as(copy)
                pairs.append((folder.name, path, copy))
        return pairs

    return write


PLANTED = {"study0": (NAME, NAME), "study1": (NAME,)}
SOUND = {
    "files": 6,
    "refused": 0,
    "pixels_changed": 0,
    "geometry_changed": 0,
    "planted_entries": 3,
    "planted_texts": 1,
    "entries_found_before": 3,
    "texts_left": 0,
    "patients_with_inconsistent_dates": 0,
}


def test_what_was_de_identified_well_has_no_faults(benchmark, visits):
    assert benchmark.compare(PLANTED, visits()) == SOUND


@pytest.mark.parametrize(
    ("elements", "fault"),
    [
        ({"ImageComments": f"asks for {NAME.upper()}"}, {"texts_left": 1}),
        ({"PixelData": bytes(40)}, {"pixels_changed": 3}),
        ({"ImagePositionPatient": [1, 2, 3]}, {"geometry_changed": 3}),
        ({"StudyDate": "20000301"}, {"patients_with_inconsistent_dates": 1}),
        ({"PatientID": "P2"}, {"patients_with_inconsistent_dates": 1}),
    ],
)
def test_each_fault_is_counted(benchmark, visits, elements, fault):
    assert benchmark.compare(PLANTED, visits(**elements)) == SOUND | fault


def test_dates_that_were_not_moved_are_no_consistent_ones(benchmark):
    assert not benchmark.is_consistent([("P1", day, day) for day in DAYS])


def test_a_refused_file_is_counted_and_an_entry_that_is_in_no_file_is_not_found(benchmark, visits):
    pairs = [(study, path, None) for study, path, _ in visits()]
    assert benchmark.compare(PLANTED, pairs) == SOUND | {"refused": 6, "entries_found_before": 0}
