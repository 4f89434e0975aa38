"""Where labels end up, with a network that only finds what is bright."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gliokit.bundles.bundle import Bundle, Card
from gliokit.core.errors import BundleError
from gliokit.core.geometry import to_world
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.segmentation.default import INPUTS, OUTPUTS, DefaultSegmenter, detail_box

CARD = Card(
    name="bright",
    version="1",
    purpose="tests",
    inputs=INPUTS,
    outputs=OUTPUTS,
    training=(),
    evaluation=(),
    intended_use="tests",
    limits=(),
    assumed=(),
    licence="Apache-2.0",
)
CENTER_MM = np.array([21.0, -14.0, 9.0])
RADIUS_MM = 14.0


class BrightSession:
    """Calls tumor what stands out on FLAIR."""

    precision = "f32"

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Give positive logits where FLAIR is bright."""
        flair = x[:, INPUTS.index(MRSequence.FLAIR)]
        return np.stack([flair - 4.0] * len(OUTPUTS), axis=1)


def tilted(spacing: tuple[float, float, float], degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn @ np.diag([*spacing, 1.0])


def flair_with_ball(affine: np.ndarray, background: float) -> Study:
    """Give a brain of 140×170×130 mm with a bright ball in it, on any grid."""
    half = np.array([70.0, 85.0, 65.0])
    extent = 2 * (half + 8) / np.linalg.norm(affine[:3, :3], axis=0)
    shape = np.ceil(extent * 1.2).astype(int)
    affine = affine.copy()
    affine[:3, 3] = -affine[:3, :3] @ ((shape - 1) / 2)
    world = to_world(affine, np.moveaxis(np.indices(shape), 0, -1))
    texture = 100 + 5 * np.sin(world.sum(axis=-1) / 7)
    brain = np.linalg.norm(world / half, axis=-1) < 1
    ball = np.linalg.norm(world - CENTER_MM, axis=-1) < RADIUS_MM
    array = np.where(brain, np.where(ball, 200, texture), background).astype(np.float32)
    return Study("ball", {MRSequence.FLAIR: Image(array, affine)})


@pytest.fixture(scope="module")
def segmenter() -> DefaultSegmenter:
    return DefaultSegmenter(Bundle(Path(), CARD, "0" * 64), BrightSession())


@pytest.mark.parametrize(
    ("spacing", "degrees"),
    [((1, 1, 5), 0), ((0.9, 0.9, 5.5), 0), ((2, 2, 2), 20), ((3, 3, 3), 0), ((-1.5, -1.5, 3), 12)],
)
@pytest.mark.parametrize("background", [0, -1000])
def test_a_ball_is_found_where_it_is_on_every_grid(segmenter, spacing, degrees, background):
    study = flair_with_ball(tilted(spacing, degrees), background)
    labels = segmenter.predict(study).labels
    found = labels.array > 0
    center = to_world(labels.affine, np.argwhere(found).mean(axis=0))
    assert np.linalg.norm(center - CENTER_MM) < 0.4
    volume = found.sum() * np.abs(np.prod(spacing))
    assert volume == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.12)


def test_a_bundle_with_other_channels_is_refused():
    swapped = replace(CARD, inputs=INPUTS[::-1])
    with pytest.raises(BundleError, match="maps flair, t2, t1c, t1 to WT, TC, ET; needed: t1"):
        DefaultSegmenter(Bundle(Path(), swapped, "0" * 64), BrightSession())


def test_the_fine_look_ignores_specks_and_is_no_smaller_than_in_training():
    found = np.zeros((150, 150, 150), dtype=bool)
    found[60:75, 60:75, 60:75] = True
    found[140, 140, 140] = True
    box = detail_box(found, np.full(3, 1.0))
    assert [side.stop - side.start for side in box] == [97, 97, 97]
    assert all(side.start <= 50 and 85 <= side.stop < 140 for side in box)


def test_nothing_found_means_no_fine_look():
    assert detail_box(np.zeros((20, 20, 20), dtype=bool), np.full(3, 1.0)) is None
