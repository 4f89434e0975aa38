"""Features of a cohort on the workers of a cluster, and stopped in between."""

from contextlib import closing

import pytest
from distributed import LocalCluster

from gliokit.analysis.evaluation_run import Execution
from gliokit.analysis.feature_files import FEATURES, STUDIES
from gliokit.analysis.feature_row import FeatureRun, draw_changes
from gliokit.analysis.feature_run import describe_cohort
from gliokit.features.study_settings import study_settings
from gliokit.io.cohorts import read_cohort
from gliokit.io.nifti import write_image, write_label_map

RUN = FeatureRun(
    study_settings(
        {
            "parts": ["ET"],
            "extras": [],
            "location": False,
            "radiomics": {"interpolation": {"spacing_mm": []}, "families": ["statistics"]},
        }
    )
)


@pytest.fixture
def cohort(textured_study, textured_labels, tmp_path):
    """Give three patients with the same image."""
    write_image(tmp_path / "t1c.nii.gz", textured_study.reference)
    write_label_map(tmp_path / "labels.nii.gz", textured_labels)
    lines = [f"p{n},s{n},t1c.nii.gz,labels.nii.gz" for n in range(3)]
    (tmp_path / "cohort.csv").write_text("\n".join(["patient_id,study_id,t1c,labels", *lines]))
    return read_cohort(tmp_path / "cohort.csv")


def test_workers_of_a_cluster_give_the_same_table(cohort, tmp_path):
    list(describe_cohort(cohort, tmp_path / "here", run=RUN))
    with LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        how = Execution(scheduler=cluster.scheduler_address)
        list(describe_cohort(cohort, tmp_path / "there", run=RUN, how=how))
    here, there = (tmp_path / name / FEATURES for name in ("here", "there"))
    assert here.read_bytes() == there.read_bytes()


def test_a_run_that_is_stopped_leaves_whole_tables_and_goes_on(cohort, tmp_path):
    out = tmp_path / "out"
    with closing(describe_cohort(cohort, out, run=RUN)) as answers:
        first = next(answers)
    assert len((out / FEATURES).read_text().splitlines()) >= 2
    assert not [path for path in out.rglob(".*")]
    again = {answer.study_id: answer.reused for answer in describe_cohort(cohort, out, run=RUN)}
    assert again[first.study_id]
    assert len((out / FEATURES).read_text().splitlines()) == 4
    assert len(list((out / STUDIES).iterdir())) == 3


def test_changes_depend_on_the_study_and_the_seed_alone():
    run = FeatureRun(repeats=3, seed=5)
    assert draw_changes(run, "a") == draw_changes(run, "a")
    assert draw_changes(run, "a") != draw_changes(run, "b")
    assert draw_changes(run, "a") != draw_changes(FeatureRun(repeats=3, seed=6), "a")
