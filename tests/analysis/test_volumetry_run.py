"""Volumetry of images as they come: on other grids, and unfit ones."""

import numpy as np
import pytest

from gliokit.analysis.volumetry_run import (
    Given,
    check_folder,
    check_log,
    on_grid_of,
    prepare_canvas,
    read_log,
)
from gliokit.core.errors import OutputError, SettingsError
from gliokit.core.image import Mask
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.volumetry.edit_log import EditLog, LoggedEdit
from gliokit.measurement.volumetry.strokes import Add
from gliokit.preprocessing.carry import carry_image


@pytest.fixture
def pair(textured_study):
    """Give T1 and T1c of one anatomy, the latter with its own noise and an enhancing block."""
    t1 = textured_study[MRSequence.T1]
    rng = np.random.default_rng(9)
    array = np.where(t1.array > 0, 1.3 * t1.array + rng.normal(0, 3, t1.array.shape), 0)
    array[10:14, 20:24, 16:20] += 90
    return t1, type(t1)(array.astype(np.float32), t1.affine, "t1c")


def test_images_on_one_grid_stay_as_they_are(pair):
    t1, t1c = pair
    assert on_grid_of(t1c, t1) == (t1, False)


@pytest.mark.slow
def test_image_on_another_grid_is_registered(pair):
    t1, t1c = pair
    moved = np.eye(4)
    moved[:3, 3] = [5, -3, 2]
    other = carry_image(t1, np.eye(4), t1c.grid)
    shifted = type(t1)(other.array, moved @ other.affine)
    found, registered = on_grid_of(t1c, shifted)
    assert registered
    inside = (t1c.array > 0) & (found.array > 0)
    assert np.corrcoef(found.array[inside], t1.array[inside])[0, 1] > 0.9


def test_brain_of_stripped_images_is_what_both_show(pair):
    t1, t1c = pair
    less = t1.array.copy()
    less[:20] = 0
    canvas = prepare_canvas(type(t1)(less, t1.affine), t1c, Given()).canvas
    assert not canvas.allowed[:20].any()
    assert canvas.allowed[20:].any()


def test_block_enhances_in_the_canvas(pair):
    t1, t1c = pair
    prepared = prepare_canvas(t1, t1c, Given())
    assert np.median(prepared.canvas.enhancement[10:14, 20:24, 16:20]) > 5


def test_log_goes_on_only_with_the_same_files_and_options():
    stroke = LoggedEdit(Add(), "R1", "", "0", 1, 0, "x")
    log = EditLog({"t1": "a", "blood": "kept"}, (stroke,))
    assert check_log(log, {"t1": "a", "blood": "kept"}) is log
    with pytest.raises(SettingsError, match="another blood, outline;"):
        check_log(log, {"t1": "a", "blood": "left out", "outline": "b"})


def test_empty_log_takes_over_the_files():
    assert check_log(read_log(None), {"t1": "a"}).inputs == {"t1": "a"}


def test_given_brain_is_taken(pair):
    t1, t1c = pair
    brain = (t1.array > 0) & (np.arange(t1.array.shape[0]) < 25)[:, None, None]
    prepared = prepare_canvas(t1, t1c, Given(brain=Mask(brain, t1.affine, sha256="b")))
    assert prepared.inputs["brain"] == "b"
    assert not prepared.canvas.allowed[25:].any()


def test_folder_of_another_program_is_refused(tmp_path):
    (tmp_path / "segmentation.nii.gz").write_bytes(b"")
    with pytest.raises(OutputError, match="of something else"):
        check_folder(tmp_path, force=True)


def test_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        check_folder(tmp_path / "out", force=True)
