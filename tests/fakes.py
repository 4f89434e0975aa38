"""A segmenter without a model, and a task that kills, for tests of what happens around them.

Worker processes import them by name, so they stand in a module of their own.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Model
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import Region
from gliokit.measurement.volume import volumes_by_region
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.segmentation.default import Segmentation
from gliokit.segmentation.probabilities import Probabilities

STARTED = "STARTED_FILE"  # environment variable: where a waiting segmenter says that it began


class BrightVoxels:
    """Calls enhancing what is bright on the reference; sure of it to a tenth."""

    def __init__(self, device: str = "cpu") -> None:
        self.model = Model("bright-voxels", "1", "0" * 64, device, "f32")

    def predict(self, study: Study) -> Segmentation:
        """Answer by a threshold; stumble as the study id says."""
        match study.study_id:
            case "no-brain":
                raise NotAssessableError("no brain was found; give an image of a head")
            case "deadly":  # as the system does to a process that takes all memory
                os.kill(os.getpid(), signal.SIGKILL)
            case "endless":
                Path(os.environ[STARTED]).touch()
                time.sleep(600)
        image = study.reference
        labels = LabelMap(np.where(image.array > 150, 3, 0).astype(np.uint8), image.affine)
        return Segmentation(
            labels,
            image.array > 0,
            (),
            intervals={
                entry.region: (entry.volume.value * 0.9, entry.volume.value * 1.1)
                for entry in volumes_by_region(labels)
            },
            probabilities=_probabilities(labels, image.array > 0),
        )


def load(
    bundle: Path | None = None, *, threads: int | None = None, device: str = "cpu"
) -> BrightVoxels:
    """Stand in for `gliokit.segmentation.default.load_segmenter`."""
    return BrightVoxels(device)


def _probabilities(labels: LabelMap, brain: NDArray[np.bool_]) -> Probabilities:
    """Give nine in ten where a region is, one in ten in the rest of the brain."""
    logits = [
        np.where(brain, np.where(region_mask(labels.array, region), 1, -1) * np.log(9), -np.inf)
        for region in Region
    ]
    turned = [turn_to_ras(own.astype(np.float32), labels.affine) for own in logits]
    everywhere = (slice(None),) * 3
    return Probabilities(
        tuple(Region), np.stack(turned), everywhere, turned[0].shape, labels.affine
    )


def negate(number: int) -> int:
    """Give the negative of a number; zero ends the process."""
    if number == 0:
        os._exit(1)
    return -number
