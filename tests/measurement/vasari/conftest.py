"""A synthetic brain in MNI space, whose tumors are drawn as balls."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from gliokit.core.geometry import to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import Label, MRSequence
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.evidence import Evidence
from gliokit.preprocessing.tissue_lobes import lobe_at
from gliokit.preprocessing.tissue_midline import Midline

SPACING = 3.0
SIGNALS = {  # of white matter, cortex, fluid, enhancing tumor, core, edema
    MRSequence.T1: (100, 80, 30, 75, 60, 75),
    MRSequence.T1C: (100, 80, 30, 175, 60, 75),
    MRSequence.T2: (60, 80, 220, 120, 160, 140),
    MRSequence.FLAIR: (60, 80, 20, 120, 100, 150),
}


@dataclass(frozen=True)
class Brain:
    """An ellipsoid in MNI RAS+ mm with cortex, white matter and two ventricles."""

    affine: np.ndarray
    points: np.ndarray
    inside: np.ndarray
    cortex: np.ndarray
    ventricles: np.ndarray
    lobes: np.ndarray

    def ball(self, center, radius):
        """Draw the brain's voxels within a radius in mm of a place."""
        return (np.linalg.norm(self.points - center, axis=-1) <= radius) & self.inside

    def labels(self, *, edema=None, enhancing=None, core=None):
        """Draw a label map; the core lies over enhancing tumor, that over edema."""
        array = np.zeros(self.inside.shape, dtype=np.uint8)
        drawn = ((edema, Label.EDEMA), (enhancing, Label.ENHANCING), (core, Label.NECROTIC_CORE))
        for mask, label in drawn:
            if mask is not None:
                array[mask] = label
        return LabelMap(array, self.affine)

    def evidence(self, labels, **changes):
        """Give the evidence of a label map: images without noise, and the true anatomy."""
        tumor = labels.array > 0
        anatomy = Anatomy(
            ventricles=self.ventricles & ~tumor,
            white=self.inside & ~self.ventricles & ~self.cortex & ~tumor,
            cortex=self.cortex & ~tumor,
            lobes=self.lobes,
            midline=Midline((1.0, 0.0, 0.0), 0.0),
            to_template=np.eye(4),
        )
        images = {s: self.image(s, labels) for s in MRSequence}
        whole = Evidence(labels, images, brain=self.inside, anatomy=anatomy)
        return replace(whole, **changes)

    def image(self, sequence, labels):
        """Paint what a sequence shows of a label map."""
        white, gray, fluid, enhancing, core, edema = SIGNALS[sequence]
        array = np.where(self.inside, np.float32(white), np.float32(0))
        array[self.cortex], array[self.ventricles] = gray, fluid
        drawn = ((Label.EDEMA, edema), (Label.ENHANCING, enhancing), (Label.NECROTIC_CORE, core))
        for label, signal in drawn:
            array[labels.array == label] = signal
        return Image(array, self.affine, f"synthetic {sequence}")


@pytest.fixture(scope="session")
def brain():
    affine = np.diag([SPACING, SPACING, SPACING, 1.0])
    affine[:3, 3] = [-75.0, -112.5, -70.5]  # no voxel center lies on the midline
    affine[0, 3] = -76.5
    shape = (52, 64, 54)
    points = to_world(affine, np.moveaxis(np.indices(shape), 0, -1))
    inside = np.linalg.norm((points - [0, -18, 10]) / [68, 86, 70], axis=-1) <= 1
    x, y, z = np.abs(points[..., 0]), points[..., 1], points[..., 2]
    ventricles = np.linalg.norm(np.stack([x - 10, (y + 5) / 3, z - 15], axis=-1), axis=-1) <= 7
    lobes = np.where(inside, lobe_at(points), 0).astype(np.uint8)
    return Brain(affine, points, inside, inside & ~binary_erosion(inside), ventricles, lobes)


@pytest.fixture(scope="session")
def glioma(brain):
    """Give a ring with necrosis and edema in the right parietal lobe."""
    center = (40, -45, 40)
    return brain.labels(
        edema=brain.ball(center, 27), enhancing=brain.ball(center, 18), core=brain.ball(center, 10)
    )
