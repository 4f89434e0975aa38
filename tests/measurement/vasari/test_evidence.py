"""Evidence that does not fit is refused; what fits is cut to the brain."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, LabelError
from gliokit.core.geometry import to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.measurement.vasari.anatomy import anatomy_of
from gliokit.measurement.vasari.evidence import Evidence, largest_part, look_at, parts
from gliokit.preprocessing.tissue import TissueAnatomy
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.preprocessing.tissue_midline import Midline
from gliokit.preprocessing.tissue_priors import Tissue


@pytest.fixture
def evidence(brain, glioma):
    return brain.evidence(glioma)


def test_scene_is_cut_to_the_brain_and_keeps_its_place(brain, evidence):
    scene = look_at(evidence)
    assert scene.whole.size < evidence.labels.array.size
    expected = to_world(brain.affine, np.argwhere(evidence.labels.array == Label.NECROTIC_CORE))
    assert scene.points_mm(scene.core) == pytest.approx(expected)
    assert scene.ml(scene.whole) == np.count_nonzero(evidence.labels.array) * 27 / 1000


def test_parts_of_the_tumor_nest(evidence):
    scene = look_at(evidence)
    assert np.array_equal(scene.solid, scene.enhancing | scene.core)
    assert np.array_equal(scene.whole, scene.solid | scene.edema)


def test_tissue_is_normal_only_away_from_the_tumor(evidence):
    scene = look_at(evidence)
    assert not (scene.away & scene.whole).any()
    assert scene.away.any()


def test_empty_label_map_leaves_an_empty_scene():
    scene = look_at(Evidence(LabelMap(np.zeros((5, 6, 7), dtype=np.uint8), np.eye(4))))
    assert not scene.whole.any()


def test_image_of_another_grid_is_refused(evidence):
    image = evidence.images[MRSequence.T1]
    other = Image(image.array[1:], image.affine, "other t1")
    with pytest.raises(GeometryError, match="other t1 differ"):
        look_at(replace(evidence, images={MRSequence.T1: other}))
    moved = Image(image.array, image.affine + np.eye(4, k=3), "moved adc")
    with pytest.raises(GeometryError, match="moved adc differ"):
        look_at(replace(evidence, adc=moved))
    with pytest.raises(GeometryError, match="moved adc differ"):
        look_at(replace(evidence, head=moved))


def test_masks_of_another_shape_are_refused(evidence):
    with pytest.raises(GeometryError, match="the brain has"):
        look_at(replace(evidence, brain=evidence.brain[1:]))
    short = replace(evidence.anatomy, lobes=evidence.anatomy.lobes[1:])
    with pytest.raises(GeometryError, match=r"anatomy \(lobes\) has"):
        look_at(replace(evidence, anatomy=short))


def test_values_that_are_no_labels_are_refused():
    labels = LabelMap(np.full((3, 3, 3), 7, dtype=np.uint8), np.eye(4), "strange.nii.gz")
    with pytest.raises(LabelError, match=r"strange.nii.gz holds the value 7"):
        look_at(Evidence(labels))


def test_parts_come_by_falling_size():
    mask = np.zeros((9, 9, 9), dtype=bool)
    mask[0, 0, :2] = mask[4, 4, :5] = mask[8, 8, 8] = True
    assert [int(part.sum()) for part in parts(mask)] == [5, 2, 1]
    assert [int(part.sum()) for part in parts(mask, 2)] == [5, 2]
    assert int(largest_part(mask).sum()) == 5
    assert not largest_part(mask & False).any()


def test_anatomy_is_taken_from_tissues():
    labels = np.array([[[t for t in Tissue]]], dtype=np.uint8)
    affine = np.eye(4)
    affine[:3, 3] = [30, 40, 20]
    midline = Midline((1.0, 0.0, 0.0), 0.0)
    found = anatomy_of(TissueAnatomy(labels, 0 * labels, affine, np.eye(4), midline))
    assert found.white.ravel().tolist() == [t is Tissue.WHITE for t in Tissue]
    assert found.cortex.ravel().tolist() == [t is Tissue.GRAY for t in Tissue]
    assert found.ventricles.ravel().tolist() == [t is Tissue.VENTRICLE for t in Tissue]
    assert found.lobes.ravel().tolist() == [Lobe.FRONTAL] * len(Tissue)
