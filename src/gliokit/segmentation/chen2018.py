"""Two densely connected 3-D networks, one for the tumor, one for its parts.

The first sees FLAIR and T2 and tells tumor from background; the second sees T1 and T1C, takes in
the features of the first, and tells the parts. Both learn at once from patches; the second
answers.

The paper slides patches of 38 voxels over the brain and keeps the inner 12. Here whole tiles are
convolved with a margin: the same values, since no voxel kept sees the border of its patch.

Source: Chen et al., Proc SPIE 2018;10574:105741F, doi:10.1117/12.2293394, and the authors' code.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Cohort
from gliokit.core.geometry import Box, bounding_box
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
from gliokit.evaluation.segmentation_scores import mean_dice
from gliokit.learning.augmentation import augment
from gliokit.learning.cases import Arrays, Cases
from gliokit.learning.patches import cut, draw_center, voxels_by_class
from gliokit.learning.settings import Regularization, Schedule
from gliokit.segmentation.classes import CLASSES, classes_of, labels_of_classes
from gliokit.segmentation.volume import ALL_FOUR, Volume, labels_of, normalized, volume_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gliokit.networks.chen2018 import HierarchicalDenseNet

WEIGHTS = "networks.safetensors"

_PRINTED = (
    "the abstract calls .72/.83/.81 complete tumor, core and enhancing tumor, the authors' code "
    "whole tumor, edema and enhancing tumor; a re-run by others found .82/.78/.75"
)
CARD = SystemCard(
    name="chen2018",
    title="hierarchical densely connected 3-D networks",
    task=Task.SEGMENTATION,
    question="How much tumor is there, and of which parts, before surgery?",
    sequences=ALL_FOUR,
    fields=(LABELS,),
    source="Chen et al., Proc SPIE 2018;10574:105741F, doi:10.1117/12.2293394",
    cohort="BraTS 2017, 210 patients with high-grade glioma: 168 to learn from, 42 to test",
    figures=tuple(
        PublishedFigure(
            f"mean Dice, {region}", value, "BraTS 2017, 42 patients", "patient", _PRINTED
        )
        for region, value in (
            ("whole tumor", 0.72),
            ("tumor core (edema, in the authors' code)", 0.83),
            ("enhancing tumor", 0.81),
        )
    ),
    assumed=(
        "centers in the brain outside the tumor are drawn from all of it; the authors draw them "
        "where FLAIR is above 0",
    ),
    departures=(
        "N4 is not applied",
        "voxels nearer than 13 to the border of the image are answered too; the authors leave "
        "them empty",
        "the border of a training patch, which is not learnt from, is not computed, so that batch "
        "normalization averages over fewer voxels",
        "its running statistics follow a step with 5 %, not 1 %: trainings here are shorter",
        "labels of 2017 and later join necrosis and non-enhancing tumor: class 3 is never learnt",
        "validation patients are apart from the tested ones; the authors' list shares 8 of 10",
    ),
    caveats=("Learnt and tested on high-grade glioma before surgery only.",),
)


@dataclass(frozen=True, slots=True)
class Chen2018Settings:
    """Sizes and schedule; the defaults are the published ones unless said.

    Attributes
    ----------
    stem, layers : int
        Channels of the first layer of each network; layers of each of its two blocks.
    growths, sides : tuple of int
        Channels that each layer of the first and of the second block adds; channels that leave
        them for the heads.
    dense : bool
        Whether a layer sees all layers of its block, or the last one only.
    first_network_features : bool
        Whether the second network takes in the features of the first; without, they are zeros.
    padded : bool
        Whether layers keep the size of a patch in training, as the authors'; else its border,
        which is not learnt from, is not computed.
    norm_momentum : float
        Weight of a step in the running statistics of batch normalization; the authors: 0.01.
    patch, predicted : int
        Voxels a side of what a training example shows, and of its middle that is learnt from.
    centers : int
        Voxels kept of a study, in the tumor and outside, to center examples on.
    tile : int
        Voxels a side that are answered at once; changes memory and time only.
    judged : int
        Examples of the validation patients by which the best weights are chosen.
    schedule : Schedule
        The authors: 5 epochs of 400 examples of each of 168 patients, two at a time.
    """

    stem: int = 24
    layers: int = 6
    growths: tuple[int, int] = (12, 12)
    sides: tuple[int, int] = (96, 168)
    dense: bool = True
    first_network_features: bool = True
    padded: bool = False
    norm_momentum: float = 0.05
    patch: int = 38
    predicted: int = 12
    centers: int = 20_000
    tile: int = 48
    judged: int = 16
    schedule: Schedule = field(
        default_factory=lambda: Schedule(
            steps=168_000,
            batch=2,
            learning_rate=5e-4,
            validate_every=50,
            regularization=Regularization(batch_norm=True),
        )
    )


class Chen2018:
    """Hierarchical densely connected networks.

    Parameters
    ----------
    settings : Chen2018Settings
        Sizes and schedule.
    run : TrainingRun
        Where and how long it is trained.

    Attributes
    ----------
    network_ : HierarchicalDenseNet
        Both networks, once fitted or read.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[Chen2018Settings]] = Chen2018Settings
    TINY: ClassVar[Chen2018Settings] = Chen2018Settings(
        stem=8,
        layers=2,
        growths=(4, 4),
        sides=(16, 24),
        patch=22,
        predicted=12,
        centers=2_000,
        judged=4,
        schedule=Schedule(
            steps=60,
            batch=2,
            learning_rate=1e-2,
            validate_every=20,
            regularization=Regularization(batch_norm=True),
        ),
    )

    def __init__(
        self, settings: Chen2018Settings = Chen2018Settings(), *, run: TrainingRun = TrainingRun()
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn both networks from patches, half of them centered in tumors."""
        from gliokit.learning.lesson import Lesson, teach

        check_fields(cohort, CARD)
        self.network_ = self._new_network()
        schedule = self.settings.schedule
        changes = schedule.regularization.augmentation
        with ExitStack() as scratch:
            cases = scratch.enter_context(Cases(cohort, self._prepare))
            aside = scratch.enter_context(Cases(validation, self._prepare)) if validation else None
            lesson = Lesson(
                "both",
                draw=lambda rng: augment(*self._draw(cases, rng), rng, probability=changes),
                loss=self._loss,
                schedule=schedule,
                data=f"{cases.sha256} {aside.sha256 if aside else None}",
                settings=repr(self.settings),
                validate=self._judge(aside) if aside else None,
            )
            teach(self.network_, lesson, self.run)
        return self

    def predict(self, study: Study) -> Prediction:
        """Label every voxel of the brain."""
        volume = volume_of(study)
        classes = self.classify(_z_scores(volume), volume.brain)
        return Prediction(study.study_id, labels=volume.back(labels_of_classes(classes)))

    def classify(self, images: NDArray[np.float32], brain: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Give the class of every voxel of a brain (X, Y, Z), tile after tile.

        Parameters
        ----------
        images : (4, X, Y, Z)
            z-scores; beyond them is background.
        brain : (X, Y, Z)
            What is answered.
        """
        margin = self.network_.reach
        padded = np.pad(images, ((0, 0), *[(margin, margin)] * 3))
        classes = np.zeros(brain.shape, dtype=np.uint8)
        for box in brain_tiles(brain, self.settings.tile):
            seen = tuple(slice(part.start, part.stop + 2 * margin) for part in box)
            logits = self._logits(self.network_, padded[(slice(None), *seen)][None])
            classes[box] = _middle(logits, classes[box].shape)[0].argmax(dim=0).cpu().numpy()
        return classes

    def write_weights(self, folder: Path) -> None:
        """Write both networks."""
        from gliokit.learning.weights import write_network

        write_network(folder / WEIGHTS, self.network_)

    def read_weights(self, folder: Path) -> Self:
        """Read both networks."""
        from gliokit.learning.weights import read_network

        self.network_ = self._new_network()
        read_network(folder / WEIGHTS, self.network_)
        self.network_.to(self.run.device)
        return self

    def _new_network(self) -> "HierarchicalDenseNet":
        import torch

        from gliokit.networks.chen2018 import DenseSizes, HierarchicalDenseNet

        torch.manual_seed(self.run.seed)
        own = self.settings
        network = HierarchicalDenseNet(
            CLASSES,
            sizes=DenseSizes(own.stem, own.growths, own.layers, own.sides, own.dense),
            first_network_features=own.first_network_features,
            padded=own.padded,
            dropout=own.schedule.regularization.dropout,
        )
        for block in list(network.modules()):
            if isinstance(block, torch.nn.Sequential) and isinstance(
                block[0], torch.nn.BatchNorm3d
            ):
                block[0].momentum = own.norm_momentum
                if not own.schedule.regularization.batch_norm:
                    block[0] = torch.nn.Identity()
        return network

    def _prepare(self, study: Study, labels: LabelMap) -> Arrays:
        """Make images (4, X, Y, Z), classes (X, Y, Z), and voxels (n, 3) to center examples on."""
        volume = volume_of(study)
        classes = classes_of(labels_of(volume, labels, study))
        centers = voxels_by_class(
            (classes > 0).astype(np.uint8),
            volume.brain,
            most=self.settings.centers,
            rng=np.random.default_rng(self.run.seed),
        )
        none = np.empty((0, 3), dtype=np.int32)
        return {
            "images": _z_scores(volume),
            "classes": classes,
            "outside": centers.get(0, none),
            "tumor": centers.get(1, none),
        }

    def _draw(
        self, cases: Cases, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.generic]]:
        """Draw a patch (4, patch, patch, patch) and the classes in its middle."""
        own = self.settings
        arrays = cases.draw(rng).arrays
        centers = [np.asarray(arrays[part], dtype=np.int32) for part in ("outside", "tumor")]
        center = draw_center(dict(enumerate(centers)), rng).tolist()
        images = np.asarray(cut(arrays["images"], center, [own.patch] * 3), np.float32)
        return images, cut(arrays["classes"], center, [own.predicted] * 3)

    def _loss(self, outputs: "tuple[Tensor, Tensor]", reference: "Tensor") -> "Tensor":
        """Cross-entropy of the first network's two classes plus that of the second's five."""
        from torch.nn.functional import cross_entropy

        tumor, parts = (_middle(logits.float(), reference.shape[1:]) for logits in outputs)
        tumor_loss = cross_entropy(tumor, (reference > 0).long())
        return tumor_loss + cross_entropy(parts, reference.long())

    def _judge(self, cases: Cases) -> "Callable[[nn.Module], float]":
        """Make the score by which weights are chosen: mean Dice of the same examples, pooled."""
        rng = np.random.default_rng(self.run.seed)
        examples = [self._draw(cases, rng) for _ in range(self.settings.judged)]
        reference = labels_of_classes(np.stack([classes for _, classes in examples]))

        def score(network: "nn.Module") -> float:
            answers = [
                _middle(self._logits(network, images[None]), classes.shape)[0].argmax(dim=0).cpu()
                for images, classes in examples
            ]
            prediction = labels_of_classes(np.stack(answers))
            return mean_dice(reference, prediction)

        return score

    def _logits(self, network: "nn.Module", images: NDArray[np.generic]) -> "Tensor":
        """Let the second network answer for images (N, 4, X, Y, Z)."""
        import torch

        from gliokit.learning.device import answering, placed

        device = self.run.device
        with answering(device, mixed=self.settings.schedule.mixed):
            _, parts = network(placed(torch.from_numpy(images).to(device)))
        return parts


def brain_tiles(brain: NDArray[np.bool_], side: int) -> Iterator[Box]:
    """Split what there is of a brain (X, Y, Z) into boxes of at most `side` voxels a side."""
    for corner in product(*(range(0, length, side) for length in brain.shape)):
        inside = brain[tuple(slice(low, low + side) for low in corner)]
        if inside.any():
            yield tuple(
                slice(low + part.start, low + part.stop)
                for low, part in zip(corner, bounding_box(inside), strict=True)
            )


def _z_scores(volume: Volume) -> NDArray[np.float32]:
    return normalized(
        volume, lambda image, brain: (float(image[brain].mean()), float(image[brain].std()))
    )


def _middle(x: "Tensor", shape: Sequence[int]) -> "Tensor":
    """Cut the middle out of the last axes, as many as `shape` has."""
    for axis, length in zip(range(-len(shape), 0), shape, strict=True):
        x = x.narrow(axis, (x.shape[axis] - length) // 2, length)
    return x
