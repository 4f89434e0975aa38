"""`gliokit phantom`: simulated cohorts from the command line."""

import pytest


def test_a_cohort_is_written_and_its_table_printed(gliokit, tmp_path):
    out = tmp_path / "cohort"
    ending = gliokit("phantom", out, "--patients", 2, "--tiny", "--seed", 4)
    assert ending.code == 0
    assert ending.stdout.split() == [str(out / "cohort.csv"), str(out / "failures.csv")]
    assert "1 of 2: SIM-00000 1 study" in ending.stderr
    again = gliokit("phantom", out, "--patients", 2, "--tiny", "--seed", 4)
    assert "SIM-00001 is there already" in again.stderr


def test_null_sets_every_dial_to_zero_but_those_that_are_given(gliokit, tmp_path):
    out = tmp_path / "cohort"
    arguments = ("--patients", 1, "--tiny", "--null", "--signature", 1)
    assert gliokit("phantom", out, *arguments).code == 0
    text = (out / "phantom.json").read_text()
    assert '"signature": 1.0' in text
    assert '"idh_image": 0.0' in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--idh-imge", 1), "No such option: --idh-imge"),
        (("--idh-image", 2), "--idh-image"),
        (("--core-ml", 2000), "core volume: found 2000 mL; needed 0.4 to 300 mL"),
        (("--site-label", 1), "sites: found 1; needed at least 2"),
        (("--enhanced",), "--enhanced and --burn-text are of --dicom"),
        (("--map", "xyz"), "xyz"),
    ],
)
def test_bad_arguments_end_with_their_reason_and_write_nothing(
    gliokit, tmp_path, arguments, message
):
    ending = gliokit("phantom", tmp_path / "out", *arguments)
    assert ending.code == 2
    assert message in ending.stderr
    assert not (tmp_path / "out").exists()


def test_an_anatomy_folder_without_maps_is_refused(gliokit, tmp_path):
    (tmp_path / "maps").mkdir()
    ending = gliokit("phantom", tmp_path / "out", "--anatomy", tmp_path / "maps")
    assert ending.code == 2
    assert "holds no label map" in ending.stderr
    assert not (tmp_path / "out").exists()
