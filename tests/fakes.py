"""A segmenter without a model, and a task that kills, for tests of what happens around them.

Worker processes import them by name, so they stand in a module of their own.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Model
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.segmentation.default import Segmentation

STARTED = "STARTED_FILE"  # environment variable: where a waiting segmenter says that it began


class BrightVoxels:
    """Calls enhancing what is bright on the reference."""

    model = Model("bright-voxels", "1", "0" * 64, "CPU", "f32")

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
        labels = np.where(image.array > 150, 3, 0).astype(np.uint8)
        return Segmentation(LabelMap(labels, image.affine), image.array > 0, ())


def load(bundle: Path | None = None, *, threads: int | None = None) -> BrightVoxels:
    """Stand in for `gliokit.segmentation.default.load_segmenter`."""
    return BrightVoxels()


def negate(number: int) -> int:
    """Give the negative of a number; zero ends the process."""
    if number == 0:
        os._exit(1)
    return -number
