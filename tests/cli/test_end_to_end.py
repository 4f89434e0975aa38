"""From files to a result through the real segmenter, with networks that need no training."""

import json
import shutil
import socket
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from gliokit.io.nifti import read_label_map


@pytest.fixture
def analyze(gliokit, bright_bundle):
    return lambda *arguments: gliokit("analyze", "--model", bright_bundle, *arguments)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def findings_of(folder):
    return json.loads((folder / "findings.json").read_text())


def test_bright_box_is_found_where_it_is(analyze, study_folder, out):
    assert analyze(study_folder, "-o", out).code == 0
    (lesion,) = [x for x in findings_of(out)["lesions"] if x["region"] == "TC"]
    # the middle of voxels 10-15, 26-30, 20-23 on the grid of `bright_study`
    assert lesion["center_mm"] == pytest.approx([-34.5, 0, -1.5], abs=1)
    assert lesion["side"] == "left"
    # 3.24 mL, and a soft edge from resampling 3 mm voxels
    assert 3.24 <= lesion["volume"]["value"] < 5


def test_model_is_named_with_its_hash(analyze, study_folder, out):
    analyze(study_folder, "-o", out)
    model = findings_of(out)["model"]
    assert model["name"] == "bright"
    assert len(model["sha256"]) == 64


def test_two_runs_give_the_same_bytes_but_for_their_time(analyze, study_folder, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        analyze(study_folder, "-o", folder)
    maps = [(folder / "segmentation.nii.gz").read_bytes() for folder in (one, two)]
    assert maps[0] == maps[1]
    texts = [(folder / "findings.json").read_text() for folder in (one, two)]
    created = [findings_of(folder)["created"] for folder in (one, two)]
    assert texts[0].replace(created[0], "") == texts[1].replace(created[1], "")


def test_volumes_equal_those_measured_on_the_written_map(analyze, gliokit, study_folder, out):
    analyze(study_folder, "-o", out)
    measured = json.loads(gliokit("measure", out / "segmentation.nii.gz", "--json").stdout)
    for entry in findings_of(out)["volumes_by_region"]:
        region = measured["regions"][entry["region"]]
        assert region["voxels"] == entry["voxels"]
        assert region["volume_ml"] == pytest.approx(entry["volume"]["value"], abs=1e-6)


def test_intervals_and_probabilities_are_those_of_the_model(analyze, study_folder, out):
    assert analyze(study_folder, "-o", out, "--probabilities").code == 0
    volumes = {v["region"]: v["volume"] for v in findings_of(out)["volumes_by_region"]}
    low, high = volumes["ET"]["interval"]
    assert 0 < low <= volumes["ET"]["value"] <= high
    likely = nib.load(out / "probabilities_ET.nii.gz").get_fdata() > 0.5
    assert np.array_equal(likely, read_label_map(out / "segmentation.nii.gz").array == 3)


def test_no_file_name_reaches_the_result(analyze, study_folder, out):
    named = study_folder.rename(study_folder.with_name("Doe_John_1970"))
    analyze(named, "-o", out)
    assert "Doe" not in (out / "findings.json").read_text()
    assert "Doe" not in (out / "report.html").read_text()
    assert b"Doe" not in (out / "segmentation.nii.gz").read_bytes()


def test_nothing_leaves_the_machine(analyze, study_folder, out, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError(f"the network was used: {arguments}")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    assert analyze(study_folder, "-o", out).code == 0


def test_cohort_runs_the_model_in_its_workers(analyze, study_folder, tmp_path, out):
    table = tmp_path / "cohort.csv"
    table.write_text(
        "patient_id,study_id,t1c,t2\np1,s1,patient/t1c.nii.gz,patient/t2.nii.gz\n"
        "p2,s2,patient/t2.nii.gz,patient/t1c.nii.gz\n"
    )
    ending = analyze("--cohort", table, "--jobs", 2, "-o", out)
    assert ending.code == 0
    assert findings_of(out / "s1")["model"]["name"] == "bright"


def test_altered_model_is_refused(gliokit, bright_bundle, study_folder, tmp_path, out):
    altered = Path(shutil.copytree(bright_bundle, tmp_path / "altered"))
    with (altered / "fine.bin").open("ab") as file:
        file.write(b"\0")
    ending = gliokit("analyze", study_folder, "--model", altered, "-o", out)
    assert ending.code == 2
    assert "fine.bin does not match its manifest" in ending.stderr
    assert not out.exists()


def test_image_without_a_brain_is_not_assessable(analyze, shared_data, out):
    scan = shared_data / "ibsi/ibsi_1_ct_radiomics_phantom/nifti/image/phantom.nii.gz"
    ending = analyze("--t1c", scan, "-o", out)
    assert ending.code == 3
    assert "shows no head that can be recognized" in ending.stderr.splitlines()[-1]
    assert not out.exists()
