"""`gliokit analyze` of a folder that holds several NIfTI studies of one patient."""

import csv
import shutil

import pytest

from gliokit.cli.analyze_patient import look_at
from gliokit.core.errors import BundleError, LayoutError
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.io.nifti import write_image


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Work in this process: what worker processes do is tested with cohorts."""

    def run_here(tasks, handler, **_):
        return ((task, handler(task)) for task in tasks)

    monkeypatch.setattr("gliokit.analysis.cohort_run.run_tasks", run_here)


@pytest.fixture
def visits(bright_study, tmp_path):
    """Write studies that differ by a factor, one per folder."""

    def write(**factors):
        for name, factor in factors.items():
            folder = tmp_path / "Doe_Jane" / name
            folder.mkdir(parents=True)
            for sequence, image in bright_study.images.items():
                if factor:
                    write_image(
                        folder / f"{sequence}.nii.gz", Image(image.array * factor, image.affine)
                    )
                else:
                    (folder / f"{sequence}.nii.gz").write_bytes(b"no image")
        return tmp_path / "Doe_Jane"

    return write


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_days_of_several_nifti_studies_are_left_to_a_table(gliokit, visits, out):
    ending = gliokit("analyze", visits(one=1, two=2), "--days-since-surgery", 0, "-o", out)
    assert ending.code == 2
    said = " ".join(ending.stderr.split())
    assert "NIfTI has no dates, so days come from the table of --cohort: drop --days-since" in said
    assert not out.exists()


def test_an_image_from_elsewhere_does_not_join_a_study_in_a_folder_below(tmp_path):
    visit, other = tmp_path / "visit1", tmp_path / "chosen.nii.gz"
    visit.mkdir()
    own = visit / "t1c.nii.gz"
    own.touch()
    other.touch()
    with pytest.raises(LayoutError, match=r"those of --t1c elsewhere.*give that folder as STUDY"):
        look_at(tmp_path, {MRSequence.T1C: other})
    assert look_at(tmp_path, {MRSequence.T1C: own}).folder == visit
    assert look_at(visit, {MRSequence.T1C: other}).folder == visit  # it may go before its own


def test_an_image_that_is_a_link_in_the_folder_belongs_to_its_study(tmp_path):
    kept = tmp_path / "objects" / "a1"
    linked = tmp_path / "patient" / "visit1" / "t1c.nii.gz"
    for path in (kept, linked):
        path.parent.mkdir(parents=True)
    kept.touch()
    linked.symlink_to(kept)
    assert look_at(tmp_path / "patient", {MRSequence.T1C: linked}).folder == linked.parent


def test_each_study_goes_to_its_folder_as_it_would_alone(analyze, visits, out, tmp_path):
    folder = visits(visit2=1.01, visit10=1.02)
    ending = analyze(folder, "--phase", "post", "-o", out)
    assert ending.code == 0
    assert "2 folders with images, taken as studies of one patient" in ending.stderr
    assert "Doe" not in ending.stderr
    assert analyze(folder / "visit2", "--phase", "post", "-o", tmp_path / "alone").code == 0
    first, _ = rows(out / "summary.csv")
    labels = out / first["study_id"] / "segmentation.nii.gz"
    assert labels.read_bytes() == (tmp_path / "alone" / "segmentation.nii.gz").read_bytes()


def test_a_second_run_makes_only_what_is_new_and_a_bad_study_stops_no_other(analyze, visits, out):
    folder = visits(a=1.01, b=1.02)
    assert analyze(folder, "-o", out).code == 0
    first, second = (row["study_id"] for row in rows(out / "summary.csv"))
    visits(c=1.03, d=0)
    ending = analyze(folder, "-o", out)
    assert ending.code == 1
    assert f"{first} unchanged since the last run" in ending.stderr
    assert f"{second} unchanged since the last run" in ending.stderr
    assert len(rows(out / "summary.csv")) == 3
    (failed,) = rows(out / "failures.csv")
    assert failed["exit_code"] == "2"
    assert failed["reason"].startswith("t1: ")  # the column, not the path
    assert "Doe" not in failed["reason"]


def test_what_is_of_one_study_is_refused_with_several(analyze, visits, out):
    folder = visits(a=1.01, b=1.02)
    ending = analyze(folder, "--study-id", "x", "--force", "-o", out)
    assert ending.code == 2
    assert "STUDY holds 2 studies" in " ".join(ending.stderr.split())
    assert "drop --study-id, --force" in " ".join(ending.stderr.split())
    assert not out.exists()


def test_a_model_that_cannot_be_used_fails_once(analyze, visits, out, monkeypatch):
    def damaged(bundle, **_):
        raise BundleError("the bundle is damaged")

    monkeypatch.setattr("gliokit.cli.analyze.load_segmenter", damaged)
    ending = analyze(visits(a=1.01, b=1.02), "-o", out)
    assert (ending.code, ending.stderr) == (2, "gliokit: the bundle is damaged\n")
    assert not out.exists()


def test_the_only_study_below_a_folder_is_analyzed_as_one(analyze, visits, out):
    folder = visits(a=1.01)
    shutil.copytree(folder / "a", folder / "a" / "copy")
    ending = analyze(folder, "-o", out)
    assert ending.code == 0
    assert "not read: 1 folder with images below the folder of a study" in ending.stderr
    assert (out / "report.html").is_file()
