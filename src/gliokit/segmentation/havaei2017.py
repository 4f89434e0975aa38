"""Two-pathway networks in a cascade, slice after slice, trained in two phases.

Phase 1 sees every class equally often and trains all weights; phase 2 sees the classes as often as
they are and trains the output layer alone. The second network takes in what the first, trained
and frozen, says of the surroundings.

The paper trains on single pixels. Here an example is a square of neighboring pixels, which costs
little more than one; what phase 1 balances is then the loss.

Source: Havaei et al., Med Image Anal 2017;35:18-31, doi:10.1016/j.media.2016.05.004
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Cohort
from gliokit.core.geometry import bounding_box
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
from gliokit.learning.settings import refuse_controls
from gliokit.segmentation.class_balance import ABSENT
from gliokit.segmentation.classes import CLASSES, classes_of, labels_of_classes
from gliokit.segmentation.flat_blobs import remove_flat_blobs
from gliokit.segmentation.havaei2017_settings import TRAINING, CascadePlace, Havaei2017Settings
from gliokit.segmentation.volume import ALL_FOUR, Volume, labels_of, normalized, volume_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from gliokit.learning.draws import Draw
    from gliokit.networks.havaei2017 import CascadeNet, TwoPathwayNet

    Network = CascadeNet | TwoPathwayNet

WEIGHTS = "network.safetensors"
TAILS = (1, 99)  # percentiles between which intensities are kept
IGNORED = 255  # class of what is no brain


class Sampling(StrEnum):
    """How often the classes are seen."""

    BALANCED = "balanced"
    NATURAL = "natural"


_FOUR_LABELS = "BRATS 2012 test, labels of 2012"
_TEST_2013 = "BRATS 2013 test, 10 patients"
_PPV = "; the specificities that are printed beside it are positive predictive values"
CARD = SystemCard(
    name="havaei2017",
    title="cascade of two-pathway networks on slices",
    task=Task.SEGMENTATION,
    question="How much tumor is there, and of which parts?",
    sequences=ALL_FOUR,
    fields=(LABELS,),
    source="Havaei et al., Med Image Anal 2017;35:18-31, doi:10.1016/j.media.2016.05.004",
    cohort="BRATS 2013: 30 patients to learn from (20 high grade, 10 low grade), 10 to test",
    figures=tuple(
        PublishedFigure(f"mean Dice, {region}", value, cohort, "patient", caveat)
        for cohort, values, caveat in (
            (_TEST_2013, (0.88, 0.79, 0.73), "InputCascadeCNN*" + _PPV),
            (
                _FOUR_LABELS,
                (0.81, 0.72, 0.58),
                "InputCascadeCNN*; often quoted as of 65 patients, which is all of BRATS 2013",
            ),
        )
        for region, value in zip(
            ("whole tumor", "tumor core", "enhancing tumor"), values, strict=True
        )
    ),
    assumed=(
        "two maxout pieces, as the figure draws; the weights that are counted are those of one",
        "dropout stands before the output layer",
        "L1 1e-6 and L2 1e-4; the paper gives no value",
        "weights are bounded to ±1; the paper gives no value",
        "the output bias starts each phase at the log of the frequencies of that phase",
        "flat blobs near the skull are parts that nowhere lie deeper than 6 mm in the brain",
        "phase 1 takes three quarters of the training, each network a half",
    ),
    departures=(
        "N4 is not applied",
        "mean and standard deviation are those of the brain, not of the whole image",
        "an example is a square of pixels, not one; phase 1 balances the classes in the loss",
        "the learning rate falls by 10 after every 40 % of the training, not after every epoch: "
        "with short epochs it would stall",
        "labels of 2017 and later join necrosis and non-enhancing tumor: class 3 is never learnt",
    ),
    caveats=(
        "Slices are looked at one by one: what it says may jump from slice to slice.",
        "Small tumors at the surface may be removed as blobs near the skull.",
    ),
)


class Havaei2017:
    """Cascade of two-pathway networks.

    Parameters
    ----------
    settings : Havaei2017Settings
        Sizes and schedules.
    run : TrainingRun
        Where and how long it is trained.

    Attributes
    ----------
    network_ : CascadeNet or TwoPathwayNet
        What answers, once fitted or read.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[Havaei2017Settings]] = Havaei2017Settings
    TINY: ClassVar[Havaei2017Settings] = Havaei2017Settings(
        local=(8, 8),
        wide=12,
        kernels=(5, 3),
        pools=(2, 2),
        output_kernel=7,
        initial_range=0.05,
        centers=2_000,
        balanced=replace(TRAINING, steps=40, learning_rate=0.05),
        natural=replace(TRAINING, steps=15, learning_rate=0.05),
    )

    def __init__(
        self,
        settings: Havaei2017Settings = Havaei2017Settings(),
        *,
        run: TrainingRun = TrainingRun(),
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn the first network, then, with it frozen, the second."""
        check_fields(cohort, CARD)
        for schedule in (self.settings.balanced, self.settings.natural):
            refuse_controls(schedule.regularization, "batch_norm", system=CARD.name)
        own = self.settings
        alone = own.cascade is CascadePlace.NONE
        with ExitStack() as scratch:
            cases = scratch.enter_context(Cases(cohort, self._prepare))
            aside = None
            if validation:
                aside = scratch.enter_context(Cases(validation, self._prepare))
            first = self._first_network()
            run = self.run.share(1.0 if alone else own.first_share)
            self._teach(first, cases, aside=aside, name="first", run=run)
            self.network_: Network = first
            if not alone:
                self.network_ = self._cascade_of(first)
                run = self.run.share(1 - own.first_share)
                self._teach(self.network_, cases, aside=aside, name="second", run=run)
        return self

    def predict(self, study: Study) -> Prediction:
        """Label every voxel of the brain, slice after slice."""
        volume = volume_of(study)
        classes = self.classify(_clipped_scores(volume), volume.brain)
        if self.settings.blob_depth_mm:
            remove_flat_blobs(
                classes, volume.brain, volume.spacing, deepest_mm=self.settings.blob_depth_mm
            )
        return Prediction(study.study_id, labels=volume.back(labels_of_classes(classes)))

    def classify(self, images: NDArray[np.float32], brain: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Give the class of every voxel of a brain (X, Y, Z) from images (4, X, Y, Z)."""
        classes = np.zeros(brain.shape, dtype=np.uint8)
        for z in np.flatnonzero(brain.any(axis=(0, 1))):
            box = bounding_box(brain[..., z])
            seen = images[..., z][(slice(None), *box)]
            classes[..., z][box] = self._answer(self.network_, seen, self.network_.margins)
        return classes

    def write_weights(self, folder: Path) -> None:
        """Write the networks."""
        from gliokit.learning.weights import write_network

        write_network(folder / WEIGHTS, self.network_)

    def read_weights(self, folder: Path) -> Self:
        """Read the networks."""
        from gliokit.learning.weights import read_network

        first = self._first_network()
        alone = self.settings.cascade is CascadePlace.NONE
        self.network_ = first if alone else self._cascade_of(first)
        read_network(folder / WEIGHTS, self.network_)
        self.network_.to(self.run.device)
        return self

    def _first_network(self) -> "TwoPathwayNet":
        import torch

        from gliokit.networks.havaei2017 import PathwaySizes, TwoPathwayNet

        torch.manual_seed(self.run.seed)
        own = self.settings
        return TwoPathwayNet(
            len(ALL_FOUR),
            CLASSES,
            sizes=PathwaySizes(
                own.local, own.wide, own.kernels, own.pools, own.output_kernel, own.maxout
            ),
            dropout=own.balanced.regularization.dropout,
            initial_range=own.initial_range,
        )

    def _cascade_of(self, first: "TwoPathwayNet") -> "CascadeNet":
        import torch

        from gliokit.networks.havaei2017 import Cascade, CascadeNet

        torch.manual_seed(self.run.seed + 1)
        return CascadeNet(
            first,
            Cascade(self.settings.cascade.value),
            in_channels=len(ALL_FOUR),
            sizes=first.sizes,
            dropout=self.settings.balanced.regularization.dropout,
            initial_range=self.settings.initial_range,
        )

    def _teach(
        self,
        network: "Network",
        cases: Cases,
        *,
        aside: Cases | None,
        name: str,
        run: TrainingRun,
    ) -> None:
        """Teach one network, all of it and then its output layer."""
        from gliokit.learning.lesson import Lesson, teach

        own = self.settings
        judge = self._judge(aside, network.margins) if aside else None
        share = own.balanced_share if own.phases == 2 else 1.0
        plan = (
            (Sampling.BALANCED, own.balanced, network.trainable_parameters(), share),
            (Sampling.NATURAL, own.natural, network.output_parameters(), 1 - share),
        )
        for sampling, schedule, learning, part in plan[: own.phases]:
            lesson = Lesson(
                f"{name}-{sampling}",
                draw=self._drawing(cases, network, sampling),
                loss=balanced_loss if sampling is Sampling.BALANCED else natural_loss,
                schedule=schedule,
                data=f"{cases.sha256} {aside.sha256 if aside else None}",
                settings=repr(own),
                validate=judge,
                trainable=list(learning),
                after_step=lambda _: network.clamp_weights_(own.weight_limit),
            )
            network.start_at_(frequencies(cases, sampling))
            teach(network, lesson, run.share(part))

    def _prepare(self, study: Study, labels: LabelMap) -> Arrays:
        """Make slices (Z, 4, X, Y), their classes (Z, X, Y), voxels to center on, and counts."""
        volume = volume_of(study)
        classes = classes_of(labels_of(volume, labels, study))
        rng = np.random.default_rng(self.run.seed)
        own = voxels_by_class(classes, volume.brain, most=self.settings.centers, rng=rng)
        everywhere = voxels_by_class(
            np.zeros_like(classes), volume.brain, most=CLASSES * self.settings.centers, rng=rng
        )
        none = np.empty((0, 3), dtype=np.int32)
        return {
            "slices": np.ascontiguousarray(_clipped_scores(volume).transpose(3, 0, 1, 2)),
            "classes": np.where(volume.brain, classes, IGNORED).transpose(2, 0, 1).copy(),
            "counts": np.bincount(classes[volume.brain], minlength=CLASSES),
            Sampling.NATURAL: everywhere[0],
            **{f"{Sampling.BALANCED}-{value}": own.get(value, none) for value in range(CLASSES)},
        }

    def _drawing(self, cases: Cases, network: "Network", sampling: Sampling) -> "Draw":
        """Make what draws a square (4, side, side) and the classes in its middle."""
        before, after = network.margins
        around, learnt = max(before, after), self.settings.predicted
        side = around + learnt + around
        seen = slice(around - before, side - around + after)
        schedule, lists = self.settings.natural, [str(sampling)]
        if sampling is Sampling.BALANCED:
            schedule = self.settings.balanced
            lists = [f"{sampling}-{value}" for value in range(CLASSES)]
        probability = schedule.regularization.augmentation

        def draw(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.generic]]:
            arrays = cases.draw(rng).arrays
            centers = [np.asarray(arrays[name], dtype=np.int32) for name in lists]
            x, y, z = draw_center(dict(enumerate(centers)), rng).tolist()
            images = np.asarray(cut(arrays["slices"][z], (x, y), (side, side)), np.float32)
            classes = cut(arrays["classes"][z], (x, y), (learnt, learnt), outside=IGNORED)
            images, classes = augment(images, classes, rng, probability=probability)
            return images[:, seen, seen], classes

        return draw

    def _judge(self, cases: Cases, margins: tuple[int, int]) -> "Callable[[nn.Module], float]":
        """Make the score by which weights are chosen: mean Dice of the fullest slices, pooled."""
        slices = [_fullest_slice(case.arrays) for case in cases]
        known = [classes[classes != IGNORED] for _, classes in slices]
        reference = labels_of_classes(np.concatenate(known))

        def score(network: "nn.Module") -> float:
            answers = [
                self._answer(network, images, margins)[classes != IGNORED]
                for images, classes in slices
            ]
            prediction = labels_of_classes(np.concatenate(answers))
            return mean_dice(reference, prediction)

        return score

    def _answer(
        self, network: "nn.Module", images: NDArray[np.float32], margins: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """Classify the pixels of a slice (4, X, Y); beyond it is background."""
        import torch

        from gliokit.learning.device import answering, placed

        device = self.run.device
        padded = np.pad(images, ((0, 0), margins, margins))
        with answering(device, mixed=self.settings.balanced.mixed):
            logits = network(placed(torch.from_numpy(padded[None]).to(device)))
        return logits[0].argmax(dim=0).to(torch.uint8).cpu().numpy()


def balanced_loss(logits: "Tensor", reference: "Tensor") -> "Tensor":
    """Negative log likelihood, every class that is there counting alike.

    Parameters
    ----------
    logits : (N, classes, X, Y)
        As the network gives them.
    reference : (N, X, Y)
        Classes; `IGNORED` counts for nothing.
    """
    from torch.nn.functional import cross_entropy, one_hot

    known = reference != IGNORED
    member = one_hot(reference[known].long(), logits.shape[1]).float()
    losses = cross_entropy(logits.float(), reference.long(), ignore_index=IGNORED, reduction="none")
    sizes = member.sum(dim=0)
    return (losses[known] @ member)[sizes > 0].div(sizes[sizes > 0]).mean()


def natural_loss(logits: "Tensor", reference: "Tensor") -> "Tensor":
    """Negative log likelihood, every pixel counting alike; shapes as for `balanced_loss`."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.float(), reference.long(), ignore_index=IGNORED)


def frequencies(cases: Cases, sampling: Sampling) -> list[float]:
    """How often each class is seen, as shares that are above 0."""
    counts = np.sum([case.arrays["counts"] for case in cases], axis=0, dtype=np.float64)
    seen = counts if sampling is Sampling.NATURAL else (counts > 0).astype(np.float64)
    return [float(share) for share in np.maximum(seen / seen.sum(), ABSENT)]


def _clipped_scores(volume: Volume) -> NDArray[np.float32]:
    """Clip the tails of each image, then subtract the mean and divide by the deviation."""
    low, high = np.percentile(volume.images[:, volume.brain], TAILS, axis=1)
    axes = (slice(None), None, None, None)
    clipped = replace(volume, images=volume.images.clip(low[axes], high[axes]).astype(np.float32))
    return normalized(
        clipped, lambda image, brain: (float(image[brain].mean()), float(image[brain].std()))
    )


def _fullest_slice(arrays: Arrays) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Give the slice with most tumor, cut to its brain: images (4, X, Y) and classes (X, Y)."""
    slices = np.asarray(arrays["slices"], dtype=np.float32)
    classes = np.asarray(arrays["classes"], dtype=np.uint8)
    tumor = (classes > 0) & (classes != IGNORED)
    z = int(tumor.sum(axis=(1, 2)).argmax())
    box = bounding_box(classes[z] != IGNORED)
    return slices[z][(slice(None), *box)], classes[z][box]
