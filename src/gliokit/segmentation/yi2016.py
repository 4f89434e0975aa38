"""A small network of single voxels behind a fixed bank of difference-of-Gaussians filters.

The bank sees the surroundings of a voxel at several scales and learns nothing; three layers of
1×1×1 convolutions do. The features of a study are therefore computed once, and training draws
rows of voxels.

Limits: abstract and introduction of the source were seen; what they leave open is assumed.

Source: Yi et al., arXiv 2016;1611.04534, doi:10.48550/arXiv.1611.04534
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Cohort
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.system import (
    LABELS,
    Prediction,
    PublishedFigure,
    SystemCard,
    Task,
    TrainingRun,
    check_fields,
)
from gliokit.evaluation.classification import balanced_accuracy
from gliokit.learning.augmentation import augment
from gliokit.learning.cases import Arrays, Cases
from gliokit.learning.settings import Decay, Regularization, Schedule, refuse_controls
from gliokit.preprocessing.difference_of_gaussians import FilterBank, voxel_features
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.segmentation.class_balance import draw_classes, log_odds_in_brains
from gliokit.segmentation.classes import CLASSES, classes_of, labels_of_classes
from gliokit.segmentation.volume import ALL_FOUR, Volume, labels_of, normalized, volume_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gliokit.networks.yi2016 import VoxelNet

WEIGHTS = "network.safetensors"
AT_ONCE = 100_000  # voxels that are answered together

_MEDIAN = (
    "the abstract says median, and of the whole tumor only; others quote all three as means. "
    "Labels of BRATS 2015 are in part those of algorithms, and scans after surgery are among them"
)
CARD = SystemCard(
    name="yi2016",
    title="voxel network behind a fixed bank of difference-of-Gaussians filters",
    task=Task.SEGMENTATION,
    question="How much tumor is there, and of which parts?",
    sequences=ALL_FOUR,
    fields=(LABELS,),
    source="Yi et al., arXiv 2016;1611.04534, doi:10.48550/arXiv.1611.04534",
    cohort="BRATS 2015, 274 patients; which were scanned after surgery is not said",
    figures=tuple(
        PublishedFigure(f"median Dice, {region}", value, "BRATS 2015, n=274", "patient", _MEDIAN)
        for region, value in (
            ("whole tumor", 0.89),
            ("enhancing tumor", 0.80),
            ("tumor core", 0.76),
        )
    ),
    assumed=(
        "8 filters a sequence, standard deviations 0.7 √2^k mm, beside the image itself",
        "the three trained layers are 1×1×1 convolutions of 64, 32 and 5 channels with ReLU",
        "each feature is given mean 0 and deviation 1 in the brain of each study",
        "rows are drawn with every class of a study alike; cross-entropy",
        "Adam 0.001 falling along a cosine, L2 0.0001, dropout 0.2, 4,096 rows a step",
        "the output layer is then moved to the frequencies of the classes in brains, by half",
    ),
    departures=(
        "labels of 2017 and later join necrosis and non-enhancing tumor: class 3 is never learnt",
    ),
    caveats=("Single voxels are judged by surroundings of some 3 cm; shape is not seen.",),
)

TRAINING = Schedule(
    steps=10_000,
    batch=8,
    decay=Decay.COSINE,
    validate_every=100,
    mixed=False,  # layers so small gain nothing
    regularization=Regularization(dropout=0.2, l2=1e-4),
)


@dataclass(frozen=True, slots=True)
class Yi2016Settings:
    """Sizes and schedule; all of them are assumed.

    Attributes
    ----------
    bank : FilterBank
        The fixed filters; `kind` is what the ablation changes.
    widths : tuple of int
        Channels of the hidden layers.
    voxels : int
        Kept of each class of a study.
    bag : int
        Rows of one study in an example.
    prior : float
        How far the answer is moved from equally frequent classes (0) to those of brains (1).
    schedule : Schedule
        `batch` counts bags.
    """

    bank: FilterBank = field(default_factory=FilterBank)
    widths: tuple[int, ...] = (64, 32)
    voxels: int = 12_000
    bag: int = 512
    prior: float = 0.5
    schedule: Schedule = TRAINING


class Yi2016:
    """Voxel network behind fixed filters.

    Parameters
    ----------
    settings : Yi2016Settings
        Sizes and schedule.
    run : TrainingRun
        Where and how long it is trained.

    Attributes
    ----------
    network_ : VoxelNet
        What answers, once fitted or read.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[Yi2016Settings]] = Yi2016Settings
    TINY: ClassVar[Yi2016Settings] = Yi2016Settings(
        bank=FilterBank(number=4),
        widths=(16, 8),
        voxels=2_000,
        bag=256,
        schedule=Schedule(steps=200, batch=4, learning_rate=1e-2, mixed=False),
    )

    def __init__(
        self, settings: Yi2016Settings = Yi2016Settings(), *, run: TrainingRun = TrainingRun()
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn from rows of voxels, then move the output layer to the frequencies of brains."""
        from gliokit.learning.lesson import Lesson, teach

        check_fields(cohort, CARD)
        refuse_controls(self.settings.schedule.regularization, "batch_norm", system=CARD.name)
        network = self._new_network()
        with ExitStack() as scratch:
            cases = scratch.enter_context(Cases(cohort, self._prepare))
            aside = scratch.enter_context(Cases(validation, self._prepare)) if validation else None
            lesson = Lesson(
                "voxels",
                draw=lambda rng: self._draw(cases, rng),
                loss=voxel_loss,
                schedule=self.settings.schedule,
                data=f"{cases.sha256} {aside.sha256 if aside else None}",
                settings=repr(self.settings),
                validate=self._judge(aside) if aside else None,
            )
            teach(network, lesson, self.run)
            counts = [case.arrays["counts"] for case in cases]
        self._move(network, log_odds_in_brains(counts, strength=self.settings.prior))
        self.network_ = network
        return self

    def predict(self, study: Study) -> Prediction:
        """Label every voxel of the brain."""
        volume = volume_of(study)
        classes = np.zeros(volume.brain.shape, dtype=np.uint8)
        classes[volume.brain] = self._answer(self.network_, self._features(volume))
        return Prediction(study.study_id, labels=volume.back(labels_of_classes(classes)))

    def write_weights(self, folder: Path) -> None:
        """Write the network."""
        from gliokit.learning.weights import write_network

        write_network(folder / WEIGHTS, self.network_)

    def read_weights(self, folder: Path) -> Self:
        """Read the network."""
        from gliokit.learning.weights import read_network

        self.network_ = self._new_network()
        read_network(folder / WEIGHTS, self.network_)
        self.network_.to(self.run.device)
        return self

    def _new_network(self) -> "VoxelNet":
        import torch

        from gliokit.networks.yi2016 import VoxelNet

        torch.manual_seed(self.run.seed)
        return VoxelNet(
            len(ALL_FOUR) * self.settings.bank.features,
            CLASSES,
            widths=self.settings.widths,
            dropout=self.settings.schedule.regularization.dropout,
        )

    def _features(self, volume: Volume) -> NDArray[np.float32]:
        """Give the features of each voxel of the brain, (n, features), scaled in the brain."""
        images = normalized(volume, brain_statistics)
        features = voxel_features(
            list(images), volume.brain, volume.spacing, bank=self.settings.bank
        )
        for column in features.T:
            column -= column.mean(dtype=np.float64)
            column /= column.std(dtype=np.float64) or 1.0
        return features

    def _prepare(self, study: Study, labels: LabelMap) -> Arrays:
        """Make rows of features of each class, (n, features) in half precision, and counts."""
        volume = volume_of(study)
        classes = classes_of(labels_of(volume, labels, study))[volume.brain]
        features = self._features(volume)
        rng = np.random.default_rng(self.run.seed)
        arrays: dict[str, NDArray[np.generic]] = {"counts": np.bincount(classes, minlength=CLASSES)}
        for value in range(CLASSES):
            rows = np.flatnonzero(classes == value)
            if len(rows) > self.settings.voxels:
                rows = rng.choice(rows, self.settings.voxels, replace=False)
            arrays[f"class-{value}"] = features[rows].astype(np.float16)
        return arrays

    def _draw(
        self, cases: Cases, rng: np.random.Generator
    ) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
        """Draw a bag of rows of one study, (features, bag), and their classes, (bag,)."""
        rows, classes = draw_classes(by_class(cases.draw(rng).arrays), self.settings.bag, rng)
        x = np.ascontiguousarray(rows.T, dtype=np.float32)
        return augment(
            x, classes, rng, probability=self.settings.schedule.regularization.augmentation
        )

    def _judge(self, cases: Cases) -> "Callable[[nn.Module], float]":
        """Make the score by which weights are chosen: balanced accuracy over all rows kept."""
        kept = [by_class(case.arrays) for case in cases]
        rows = np.concatenate([own for study in kept for own in study.values()]).astype(np.float32)
        classes = np.concatenate(
            [np.full(len(own), value) for study in kept for value, own in study.items()]
        )
        return lambda network: balanced_accuracy(classes, self._answer(network, rows))

    def _answer(self, network: "nn.Module", rows: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Classify rows (n, features)."""
        import torch

        answers = np.empty(len(rows), dtype=np.uint8)
        with torch.inference_mode():
            for start in range(0, len(rows), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                logits = network(torch.from_numpy(rows[part]).to(self.run.device))
                answers[part] = logits.argmax(dim=1).cpu().numpy()
        return answers

    @staticmethod
    def _move(network: "VoxelNet", log_odds: NDArray[np.float32]) -> None:
        """Add log odds to the output layer."""
        import torch

        *_, bias = network.parameters()
        with torch.no_grad():
            bias.add_(torch.from_numpy(log_odds).to(bias.device))


def voxel_loss(logits: "Tensor", reference: "Tensor") -> "Tensor":
    """Cross-entropy of logits (N, classes, bag) and classes (N, bag)."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.float(), reference.long())


def by_class(arrays: Arrays) -> dict[int, NDArray[np.generic]]:
    """Give the rows (n, features) of each class."""
    return {value: arrays[f"class-{value}"] for value in range(CLASSES)}
