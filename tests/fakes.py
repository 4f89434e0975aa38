"""A segmenter without a model, and a task that kills, for tests of what happens around them.

Worker processes import them by name, so they stand in a module of their own.
"""

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Cohort
from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Model
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.study import Study
from gliokit.core.system import (
    LABELS,
    Prediction,
    Progress,
    PublishedFigure,
    SystemCard,
    Task,
    TrainingRun,
    check_fields,
)
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.learning.settings import Schedule
from gliokit.measurement.volume import volumes_by_region
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.segmentation.default import Segmentation
from gliokit.segmentation.probabilities import Probabilities

STARTED = "STARTED_FILE"  # environment variable: where a waiting segmenter says that it began


class BrightVoxels:
    """Calls enhancing what is bright on the reference; sure of it to a tenth."""

    def __init__(self, device: str = "cpu", threads: int | None = None) -> None:
        self.threads = threads
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
    return BrightVoxels(device, threads)


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


@dataclass(frozen=True)
class ThresholdSettings:
    """Where to look, and how often a training stumbles over nothing."""

    steps: int = 5
    shift: float = 0.0
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=5))


class ThresholdSystem:
    """Learns the brightness half-way between tumor and brain; its study ids say how it stumbles."""

    card = SystemCard(
        name="threshold2000",
        title="one threshold",
        task=Task.SEGMENTATION,
        question="How bright is the tumor?",
        sequences=(MRSequence.T1C,),
        fields=(LABELS,),
        source="nobody, doi:10.0000/none",
        cohort="5 patients",
        figures=(PublishedFigure("mean Dice, whole tumor", 0.81, "5 patients", "patient", "easy"),),
        assumed=("the number of steps",),
        departures=("no neighborhood",),
        caveats=("Bright is not tumor.",),
    )
    Settings = ThresholdSettings
    TINY = ThresholdSettings(steps=1)

    def __init__(
        self,
        settings: ThresholdSettings = TINY,
        *,
        run: TrainingRun = TrainingRun(),
    ) -> None:
        self.settings, self.run = settings, run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> "ThresholdSystem":
        """Learn; leave a log and a checkpoint as real systems do."""
        check_fields(cohort, self.card)
        for row in cohort.rows:
            if row.study_id == "deadly-lesson":
                os.kill(os.getpid(), signal.SIGKILL)
            if row.study_id == "hard-lesson":
                raise NotAssessableError("nothing can be learnt from this")
            if row.study_id == "endless" and STARTED in os.environ:
                Path(os.environ[STARTED]).touch()
                time.sleep(600)
        means = []
        for row in cohort.rows:
            array, inside = cohort.load(row)[MRSequence.T1C].array, cohort.load_labels(row).array
            means.append((array[inside > 0].mean() + array[(inside == 0) & (array > 0)].mean()) / 2)
        self.threshold_ = float(np.mean(means)) + self.settings.shift
        if self.run.folder:
            part = self.run.folder / "only"
            part.mkdir(parents=True, exist_ok=True)
            (part / "checkpoint.safetensors").write_bytes(b"weights")
            lines = [f"{step},{1 / step},{0.5 if step % 2 else ''},1,0" for step in range(1, 6)]
            (part / "log.csv").write_text("\n".join(["step,loss,score,rate,time", *lines]) + "\n")
        for step in range(self.settings.steps):
            self.run.report(Progress("only", step + 1, self.settings.steps, 0.5, 1.0))
        return self

    def predict(self, study: Study) -> Prediction:
        """Answer by the threshold."""
        if study.study_id == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        image = study[MRSequence.T1C]
        labels = np.where(image.array > self.threshold_, 3, 0).astype(np.uint8)
        return Prediction(study.study_id, labels=LabelMap(labels, image.affine))

    def write_weights(self, folder: Path) -> None:
        """Write the threshold."""
        (folder / "threshold.txt").write_text(repr(self.threshold_))

    def read_weights(self, folder: Path) -> "ThresholdSystem":
        """Read the threshold."""
        self.threshold_ = float((folder / "threshold.txt").read_text())
        return self
