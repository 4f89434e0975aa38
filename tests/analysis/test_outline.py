"""Heads as they were scanned are outlined, and answered on their own grids."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.analysis.outline import outline
from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Model
from gliokit.core.geometry import to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.dicom.series import AXIAL, SAGITTAL, covering_grid
from gliokit.phantom.scan.acquisition import Body, acquire_on_grid
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.bias_field import BiasField
from gliokit.preprocessing.brain import stripped_brain
from gliokit.segmentation.default import Segmentation

pytestmark = pytest.mark.xdist_group("outline")  # what is set up once serves all of them

CENTER_MM, RADII_MM = np.array([24.0, 10.0, 22.0]), np.array([14.0, 17.0, 15.0])
TILT = Rotation.from_euler("xyz", (9, -5, 4), degrees=True).as_matrix()
GRIDS = {  # axes, slice thickness, turn in degrees and shift in mm of the head before the scan
    MRSequence.T1C: (AXIAL, 3.0, (0, 0, 0), (0, 0, 0)),
    MRSequence.FLAIR: (TILT @ AXIAL, 5.0, (4, -3, 6), (5, -7, 4)),
    MRSequence.T2: (SAGITTAL, 4.0, (-3, 2, 2), (-4, 3, 6)),
}


class Drawer:
    """Answers with the tumor whose place it was told, where the brain it is shown lies."""

    model = Model("drawer", "1", "0", "cpu", "f32")

    def __init__(self) -> None:
        self.seen: list[Study] = []

    def predict(self, study: Study) -> Segmentation:
        """Paint the tumor on the grid of the study."""
        self.seen.append(study)
        grid = shared_grid(study)
        labels = LabelMap(tumor_on(grid, np.eye(4)), grid.affine)
        return Segmentation(labels, stripped_brain(i.array for i in study.images.values()), ())


def tumor_on(grid, motion):
    """Paint the ellipsoid on a grid after a motion of the head."""
    places = to_world(grid.affine, np.moveaxis(np.indices(grid.shape), 0, -1))
    at_rest = to_world(np.linalg.inv(motion), places)
    inside = np.linalg.norm((at_rest - CENTER_MM) / RADII_MM, axis=-1) < 1
    return np.where(inside, np.uint8(Label.ENHANCING), np.uint8(0))


def motion_of(sequence):
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", GRIDS[sequence][2], degrees=True).as_matrix()
    motion[:3, 3] = GRIDS[sequence][3]
    return motion


@pytest.fixture(scope="module")
def scanned() -> Study:
    """Scan one head three times, each on a grid of its own and moved in between."""
    rng = np.random.default_rng(5)
    voxels = Voxels(2.0, (110, 130, 112))
    person, _ = make_individual(mni_anatomy(), rng, age=50, voxels=voxels, head=True)
    places = to_world(person.affine, np.moveaxis(np.indices(person.tissues.shape), 0, -1))
    inside = np.linalg.norm((places - CENTER_MM) / RADII_MM, axis=-1) < 1
    person.tissues[inside & (person.tissues > 0)] = Tissue.ENHANCING_TUMOR
    session = draw_session(rng)
    return Study("raw", {s: scan(person, s, session, rng) for s in GRIDS})


def scan(person, sequence, session, rng):
    axes, slices_mm, _, _ = GRIDS[sequence]
    affine = motion_of(sequence) @ person.affine
    corners = to_world(affine, np.argwhere(person.tissues > 0)[::50])
    extent = np.array([corners.min(axis=0), corners.max(axis=0)])
    grid = covering_grid(extent, axes=axes, spacing_mm=[1.5, 1.5, slices_mm])
    acquisition = replace(
        session.acquisitions[sequence],
        slice_axis=2,
        thickness_mm=slices_mm,
        shift_mm=np.zeros(3),
        turn_degrees=np.zeros(3),
    )
    body, signal = Body(person.tissues, person.spacing_mm), tissue_signal(session.scan, sequence)
    array = acquire_on_grid(body, affine, grid, signal, acquisition, rng)
    return Image(array, grid.affine, f"scan {sequence}", f"hash of {sequence}")


@pytest.fixture(scope="module")
def outlined(scanned):
    drawer, stages = Drawer(), []
    return outline(scanned, drawer, probabilities=False, on_stage=stages.append), drawer, stages


def test_the_segmenter_is_shown_a_stripped_study_on_one_grid(outlined):
    _, drawer, stages = outlined
    (study,) = drawer.seen
    shared_grid(study)
    assert all((image.array == 0).mean() > 0.2 for image in study.images.values())
    assert stages == ["registering the images", "finding the brain", "outlining the tumor"]


def test_labels_come_back_to_the_grid_of_the_reference(scanned, outlined):
    found = outlined[0].segmentation.labels
    assert not scanned.reference.grid.difference(found.grid)
    assert dice(tumor_on(found.grid, np.eye(4)) > 0, found.array > 0) > 0.95


@pytest.mark.parametrize("sequence", [MRSequence.FLAIR, MRSequence.T2])
def test_labels_come_back_to_the_grid_of_every_other_image(scanned, outlined, sequence):
    found = outlined[0].native[sequence]
    assert not scanned[sequence].grid.difference(found.grid)
    assert dice(tumor_on(found.grid, motion_of(sequence)) > 0, found.array > 0) > 0.93


def test_what_is_shown_lies_on_the_grid_of_the_reference_which_is_as_it_was_read(scanned, outlined):
    shown = outlined[0].study
    assert shown.reference is scanned.reference
    assert not scanned.reference.grid.difference(shared_grid(shown))
    assert {image.sha256 for image in shown.images.values()} == {f"hash of {s}" for s in GRIDS}


def test_the_brain_on_the_reference_holds_the_tumor(scanned, outlined):
    brain = outlined[0].segmentation.brain
    tumor = tumor_on(scanned.reference.grid, np.eye(4)) > 0
    assert (brain & tumor).sum() >= 0.995 * tumor.sum()


def test_labels_that_a_person_drew_stay_as_they_are(scanned):
    labels = LabelMap(tumor_on(scanned.reference.grid, np.eye(4)), scanned.reference.affine)

    class Given:
        model = None

        def predict(self, study):
            brain = stripped_brain(i.array for i in study.images.values())
            return Segmentation(labels, brain, ())

    found = outline(scanned, Given(), probabilities=False, on_stage=lambda stage: None)
    assert found.segmentation.labels is labels
    assert not found.native
    shared_grid(found.study)


def test_a_prepared_study_goes_to_the_segmenter_untouched(bright_study):
    drawer = Drawer()
    found = outline(bright_study, drawer, probabilities=False, on_stage=lambda stage: None)
    assert drawer.seen == [bright_study]
    assert found.study is bright_study


def test_n4_changes_what_the_model_sees_and_nothing_else(bright_study):
    x = np.indices(bright_study.reference.array.shape)[0]
    shaded = replace(
        bright_study,
        images={
            s: replace(i, array=(i.array * np.exp(0.02 * x)).astype(np.float32))
            for s, i in bright_study.images.items()
        },
    )
    drawer, stages = Drawer(), []
    found = outline(
        shaded, drawer, probabilities=False, on_stage=stages.append, bias_field=BiasField.N4
    )
    (seen,) = drawer.seen
    brain = shaded.reference.array > 0
    for sequence, image in seen.images.items():
        assert not image.array[~brain].any()
        assert image.array[brain].std() < 0.6 * shaded[sequence].array[brain].std()
    assert found.study is shaded
    assert stages == ["correcting the coil's brightness", "outlining the tumor"]
    assert [notice.code for notice in found.segmentation.notices] == ["bias-field-corrected"]


def test_a_study_without_a_head_is_not_assessable():
    nothing = Image(np.ones((40, 40, 40), np.float32), np.diag([5.0, 5, 5, 1]))
    study = Study("gray", {MRSequence.T1C: nothing})
    with pytest.raises(NotAssessableError):
        outline(study, Drawer(), probabilities=False, on_stage=lambda stage: None)
