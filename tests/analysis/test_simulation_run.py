"""Simulated cohorts as folders: whole, resumable, the same on any number of processes."""

import csv
import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from gliokit.analysis.simulated_files import Files
from gliokit.analysis.simulation_run import simulate_cohort
from gliokit.core.errors import OutputError, SimulationError
from gliokit.core.image import Image
from gliokit.core.vocabulary import Label, Map, MRSequence
from gliokit.io.cohorts import read_cohort
from gliokit.io.nifti import read_image, read_label_map, write_image
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.compartments import Compartment
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.cohort import CohortSettings
from gliokit.phantom.dials import Dials

pytestmark = pytest.mark.xdist_group("simulation_run")  # what is set up once serves all of them

SETTINGS = CohortSettings(patients=2, visits=2, seed=3, tiny=True)
FILES = Files()


def run(out: Path, settings: CohortSettings = SETTINGS, files: Files = FILES, jobs: int = 1):
    return list(simulate_cohort(out, settings, files, jobs=jobs))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("cohort") / "out"
    assert [o.studies for o in run(out)] == [2, 2]
    return out


def test_the_table_can_be_read_and_its_studies_loaded(cohort):
    rows = read_cohort(cohort / "cohort.csv")
    assert len(rows) == 4
    studies = list(rows.studies())
    assert [study.missing for study in studies] == [[]] * 4
    assert {row.cells["idh"] for row in rows.rows} <= {"mutant", "wildtype"}
    labels = read_label_map(Path(rows.rows[0].cells["labels"]))
    assert labels.note == ""  # our mark leaves no doubt
    assert studies[0].reference.grid.difference(labels.grid) is None


def test_every_study_tells_its_truth(cohort):
    path = cohort / "SIM-00001" / "SIM-00001-001" / "truth.json"
    truth = json.loads(path.read_text())
    assert truth["simulated"].startswith("This patient is simulated")
    assert truth["visit"]["number"] == 1
    assert truth["patient"]["genotype"]["idh"] in ("mutant", "wildtype")
    assert truth["settings"]["dials"]["idh_image"] == 1.0
    assert set(truth["session"]["scan"]["protocols"]) == set(MRSequence)
    labels = read_label_map(path.with_name("SIM-00001-001-seg.nii.gz")).array
    enhancing = np.count_nonzero(labels == Label.ENHANCING) * 3.5**3 / 1000
    assert truth["volumes_ml"]["enhancing_tumor"] == pytest.approx(enhancing)


def test_two_processes_give_the_same_bytes_as_one(cohort, tmp_path):
    run(tmp_path / "out", jobs=2)
    assert contents(tmp_path / "out") == contents(cohort)


def test_a_stopped_run_leaves_whole_patients_and_goes_on(cohort, tmp_path):
    out = tmp_path / "out"
    with closing(simulate_cohort(out, SETTINGS, FILES, jobs=1)) as started:
        first = next(started)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    assert len(read_cohort(out / "cohort.csv")) == 2  # the visits of one patient
    again = run(out)
    assert {o.patient_id for o in again if o.reused} == {first.patient_id}
    assert contents(out) == contents(cohort)


def test_more_patients_extend_a_cohort(cohort, tmp_path):
    out = tmp_path / "out"
    run(out, replace(SETTINGS, patients=1))
    assert [o.reused for o in run(out)] == [True, False]
    assert contents(out) == contents(cohort)


def test_a_cohort_of_other_settings_is_refused_and_kept(cohort):
    before = contents(cohort)
    with pytest.raises(OutputError, match="holds a cohort with visits 2, not 3"):
        run(cohort, replace(SETTINGS, visits=3))
    with pytest.raises(OutputError, match=r"holds a cohort with idh_image 1\.0, not 0\.0"):
        run(cohort, replace(SETTINGS, dials=Dials.null()))
    assert contents(cohort) == before


def test_a_folder_with_something_else_is_refused_and_kept(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds thesis.txt and no phantom.json"):
        run(tmp_path)
    assert contents(tmp_path) == {"thesis.txt": b"mine"}


def test_a_patient_that_is_not_whole_is_named_kept_and_does_not_stop_the_others(cohort, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(cohort, out)
    shutil.rmtree(out / "SIM-00000")
    (out / "SIM-00001" / "SIM-00001-001" / "SIM-00001-001-t1c.nii.gz").unlink()
    kept = contents(out / "SIM-00001")
    first, second = sorted(run(out), key=lambda o: o.patient_id)
    assert (first.studies, first.reason) == (2, "")
    assert second.exit_code == 2
    assert second.reason.startswith("SIM-00001 stands there and is not whole, SIM-00001-001-t1c")
    assert [row["patient_id"] for row in table(out / "failures.csv")] == ["SIM-00001"]
    assert len(read_cohort(out / "cohort.csv")) == 2
    assert contents(out / "SIM-00001") == kept
    shutil.rmtree(out / "SIM-00001")
    run(out)
    assert contents(out) == contents(cohort)


def test_fewer_patients_leave_the_table_of_all_that_stand(cohort, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(cohort, out)
    run(out, replace(SETTINGS, patients=1))
    assert contents(out) == contents(cohort)


def test_settings_that_cannot_be_read_are_kept_and_said_so(tmp_path):
    (tmp_path / "phantom.json").write_text("{bad")
    with pytest.raises(OutputError, match=r"phantom.json cannot be read as the settings"):
        run(tmp_path)
    assert (tmp_path / "phantom.json").read_text() == "{bad"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 1, 2, 3], r"0 of right cerebral white matter \(2 and 41\); needed both"),
        ([0, 2.6], "needed whole numbers"),
        ([-1, 2], "needed whole numbers"),
        ([0, 2e9], "needed whole numbers"),
        ([2, 41], "holds 1 mL of brain; needed at least 400"),
    ],
)
def test_a_file_that_is_no_label_map_is_refused_before_anything_is_written(
    tmp_path, values, message
):
    path = tmp_path / "map.nii.gz"
    array = np.resize(np.array(values, dtype=np.float32), (10, 10, 10))
    write_image(path, Image(array, np.eye(4)))
    with pytest.raises(SimulationError, match=message):
        run(tmp_path / "out", replace(SETTINGS, anatomies=(path,)))
    assert not (tmp_path / "out").exists()


def test_foreign_files_in_a_dataset_are_never_removed(tmp_path):
    out, settings = tmp_path / "out", replace(SETTINGS, patients=1, visits=1)
    bids = Files(layout="bids")
    run(out, settings, bids)
    note = out / "derivatives" / "truth" / "sub-SIM00000" / "notes.txt"
    note.write_text("mine")
    (out / "README").write_text("my readme")
    shutil.rmtree(out / "sub-SIM00000")
    (outcome,) = run(out, settings, bids)
    assert "notes.txt is not of this cohort" in outcome.reason
    assert note.read_text() == "mine"
    assert (out / "README").read_text() == "my readme"


def test_every_image_says_that_it_is_simulated(cohort):
    for path in cohort.rglob("*-t2f.nii.gz"):
        assert bytes(nib.load(path).header["descrip"]).startswith(b"simulated by gliokit")


def test_no_written_text_holds_a_path_of_this_machine(tmp_path):
    path = tmp_path / "Jane Doe.nii.gz"
    anatomy = mni_anatomy()
    numbers = np.where(anatomy.tissues > 0, 24, 0).astype(np.float32)
    numbers[anatomy.tissues == Tissue.CORTEX] = 3
    white = anatomy.tissues == Tissue.WHITE_MATTER
    numbers[white] = np.where(anatomy.compartments[white] == Compartment.LEFT, 2, 41)
    write_image(path, Image(numbers, anatomy.affine))
    out = tmp_path / "out"
    run(out, replace(SETTINGS, patients=1, visits=1, anatomies=(path,)))
    texts = [p.read_text() for p in out.rglob("*") if p.suffix in (".json", ".csv")]
    assert not [text for text in texts if str(tmp_path) in text or "Jane" in text]


def test_maps_biopsies_and_tissues_are_written_where_they_are_asked_for(tmp_path):
    out = tmp_path / "out"
    settings = replace(SETTINGS, patients=1, visits=1, maps=(Map.ADC, Map.DSC))
    run(out, settings, Files(tissues=True, biopsies=2))
    study = out / "SIM-00000" / "SIM-00000-000"
    assert read_image(study / "SIM-00000-000-adc.nii.gz").array.max() > 2000  # fluid
    assert (study / "truth" / "cbv.nii.gz").is_file()
    assert (study / "biopsies" / "tile-2.png").is_file()
    specimens = table(study / "biopsies" / "biopsies.csv")
    truth = json.loads((study / "truth.json").read_text())
    assert [float(row["x_mm"]) for row in specimens] == pytest.approx(
        [biopsy["planned_mm"][0] for biopsy in truth["biopsies"]], abs=0.01
    )
    assert truth["maps"]["dsc"]["parameters"]["protocol"]["te_ms"] > 0
    row = read_cohort(out / "cohort.csv").rows[0]
    assert Path(row.cells["dsc"]).is_file()


def test_a_bids_dataset_describes_itself(tmp_path):
    out = tmp_path / "out"
    run(out, replace(SETTINGS, patients=1, visits=1), Files(layout="bids"))
    description = json.loads((out / "dataset_description.json").read_text())
    assert description["BIDSVersion"] == "1.10.0"
    assert (
        (out / "participants.tsv").read_text().startswith("participant_id\tage\tsex\nsub-SIM00000")
    )
    assert (out / "derivatives" / "truth" / "dataset_description.json").is_file()
    assert len(list(read_cohort(out / "cohort.csv").studies())) == 1


def test_dicom_series_lie_where_the_truth_lists_them(tmp_path):
    out = tmp_path / "out"
    settings = replace(SETTINGS, patients=1, visits=1, head=True)
    run(out, settings, Files(dicom=True))
    study = out / "SIM-00000" / "SIM-00000-000"
    truth = json.loads((study / "truth.json").read_text())
    slices = sum(series["grid"]["shape"][2] for series in truth["dicom"]["series"])
    assert len(list((study / "dicom").iterdir())) == slices
    dataset = pydicom.dcmread(next((study / "dicom").iterdir()), stop_before_pixels=True)
    assert dataset.DerivationDescription == "simulated by gliokit; no patient"
    planted = {identifier["value"] for identifier in truth["planted_identifiers"]}
    text = b"".join(path.read_bytes() for path in (study / "dicom").iterdir())
    assert all(value.encode() in text for value in planted)


def test_other_settings_give_other_uids(tmp_path):
    settings = replace(SETTINGS, patients=1, visits=1, head=True)
    uids = []
    for name, files in (("a", Files(dicom=True)), ("b", Files(dicom=True, tissues=True))):
        run(tmp_path / name, settings, files)
        paths = (tmp_path / name / "SIM-00000" / "SIM-00000-000" / "dicom").iterdir()
        read = (pydicom.dcmread(path, stop_before_pixels=True) for path in paths)
        uids.append({str(dataset.SOPInstanceUID) for dataset in read})
    assert not uids[0] & uids[1]


def test_settings_are_checked_before_anything_is_written(tmp_path):
    with pytest.raises(SimulationError):
        run(tmp_path / "out", replace(SETTINGS, core_ml=2000.0))
    assert not (tmp_path / "out").exists()
