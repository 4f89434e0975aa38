"""The folder of outlines beside a timeline: what is taken away from it, and what never."""

import platform

import pytest

from gliokit.analysis.cohort_run import prepare_tables, write_tables
from gliokit.analysis.kept_outlines import check_kept, clear, kept_beside
from gliokit.core.errors import OutputError

NO_PROCESS = 2**30  # a number that no system gives


@pytest.fixture
def kept(tmp_path):
    """Make the folder with the tables of a run."""
    folder = kept_beside(tmp_path / "out")
    prepare_tables(folder)
    write_tables(folder, [], {})
    return folder


def result(kept, study_id):
    (kept / study_id).mkdir()
    (kept / study_id / "findings.json").write_text('{"gliokit_version": "1"}')


def test_what_a_killed_run_left_half_done_does_not_stop_the_next(kept):
    result(kept, "done")
    half = kept / f".half.gliokit-{platform.node()}-{NO_PROCESS}-0123abcd"
    half.mkdir()
    (half / "segmentation.nii.gz").write_text("half")
    check_kept(kept)
    assert (half.exists(), (kept / "done").is_dir()) == (False, True)


def test_a_table_of_somebody_is_refused(kept):
    (kept / "summary.csv").write_text("mine,yours\n")
    with pytest.raises(OutputError, match=r"summary\.csv was not written by gliokit"):
        check_kept(kept)


def test_the_folder_goes_with_its_last_result(kept):
    result(kept, "one")
    result(kept, "other")
    (kept / ".DS_Store").write_text("")
    clear(kept, ["one"])
    assert [path.name for path in kept.iterdir() if path.is_dir()] == ["other"]
    clear(kept, ["other"])
    assert not kept.exists()


def test_a_folder_in_which_anything_else_stands_stays(kept):
    (kept / "notes.txt").write_text("keep")
    clear(kept, [])
    assert (kept / "notes.txt").read_text() == "keep"
