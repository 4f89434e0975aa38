"""One network of three planes for each sequence; a random forest joins what they have learnt.

The values of a network's last hidden layer are over-confident for voxels that it was trained on.
The forest is therefore fitted on patients that its networks have not seen: patients are split,
and for each part networks learn from the other parts and a forest from the part itself. The
hidden values of two networks have nothing in common, so each forest keeps its own networks;
their probabilities are averaged.

A voxel is seen through 32×32 patches; a volume is answered on a grid and interpolated.

Limits: the text of the source was not seen; nearly every size is assumed.

Source: Rao et al., Brain tumor segmentation with deep learning, MICCAI-BraTS 2015 (no DOI).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

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
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.classification import balanced_accuracy
from gliokit.evaluation.folds import patient_folds
from gliokit.learning.augmentation import augment
from gliokit.learning.cases import Arrays, Cases
from gliokit.learning.patches import cut, voxels_by_class
from gliokit.learning.settings import Decay, Regularization, Schedule, refuse_controls
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.segmentation.class_balance import draw_classes, log_odds_in_brains
from gliokit.segmentation.classes import CLASSES, classes_of, labels_of_classes
from gliokit.segmentation.coarse_grid import between_nodes, nodes_in, voxels_of
from gliokit.segmentation.volume import ALL_FOUR, labels_of, normalized, volume_of

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier
    from torch import Tensor, nn

    from gliokit.networks.rao2015 import TriplanarNet

FORESTS = "forests.skops"
LOG_ODDS = "log-odds.safetensors"
AT_ONCE = 256  # voxels whose patches are cut together

CARD = SystemCard(
    name="rao2015",
    title="three-plane networks, one a sequence, joined by a random forest",
    task=Task.SEGMENTATION,
    question="How much tumor is there, and of which parts?",
    sequences=ALL_FOUR,
    fields=(LABELS,),
    source="Rao et al., Brain tumor segmentation with deep learning, MICCAI-BraTS 2015 (no DOI)",
    cohort="BRATS 2015, 10 patients; which were scanned after surgery is not said",
    figures=(
        PublishedFigure(
            "accuracy, five classes",
            0.67,
            "BRATS 2015, 10 patients",
            "voxel",
            "share of single patches named right, which depends on how they are drawn; no Dice",
        ),
    ),
    assumed=(
        "patches of 32×32 in three orthogonal planes",
        "two valid 5×5 convolutions of 32 and 64 channels, each with max pooling by 2",
        "128 hidden values; dropout 0.2; L2 0.0001; Adam 0.001 falling along a cosine, 128 a step",
        "patches are drawn with every class of a study alike",
        "500 trees, √d features a split, balanced classes, leaves of 3 rows or more, 256 a tree",
        "two parts of patients take turns in teaching the networks and the forest",
        "probabilities are moved to the frequencies of the classes in brains, by half",
        "every third voxel along each axis is answered, what lies between interpolated",
    ),
    departures=(
        "the forest never learns from patients that its networks have seen, and there is one for "
        "each part of the patients",
        "labels of 2017 and later join necrosis and non-enhancing tumor: class 3 is never learnt",
    ),
    caveats=("Every third voxel is answered: what is thinner than 3 mm may be missed.",),
)

TRAINING = Schedule(
    steps=4_000,
    batch=128,
    decay=Decay.COSINE,
    validate_every=50,
    regularization=Regularization(dropout=0.2, l2=1e-4),
)


@dataclass(frozen=True, slots=True)
class Rao2015Settings:
    """Sizes and schedules; all of them are assumed.

    Attributes
    ----------
    sequences : tuple of MRSequence
        Which have a network; all, or for the ablation one.
    side, widths, hidden, kernel : int or tuple of int
        Of each network: voxels of a patch, channels, hidden values, width of the convolutions.
    parts : int
        Into which patients are split: so many forests, each with networks of the other parts.
    centers : int
        Voxels kept of each class of a study to draw patches around.
    rows : int
        Of these, how many of each class of a study the forest learns from.
    judged : int
        Of a study of the validation patients, how many of each class choose the best weights.
    trees, leaf, leaves : int
        Trees in all, fewest rows of a leaf, most leaves of a tree.
    prior : float
        How far the answer is moved from equally frequent classes (0) to those of brains (1).
    stride : int
        Voxels from one answered voxel to the next.
    networks_share : float
        Of a time limit: what the networks take; the forests need the rest.
    schedule : Schedule
        Of each network.
    """

    sequences: tuple[MRSequence, ...] = ALL_FOUR
    side: int = 32
    widths: tuple[int, int] = (32, 64)
    hidden: int = 128
    kernel: int = 5
    parts: int = 2
    centers: int = 5_000
    rows: int = 200
    judged: int = 50
    trees: int = 500
    leaf: int = 3
    leaves: int = 256
    prior: float = 0.5
    stride: int = 3
    networks_share: float = 0.85
    schedule: Schedule = TRAINING


class Rao2015:
    """Three-plane networks joined by random forests.

    Parameters
    ----------
    settings : Rao2015Settings
        Sizes and schedules.
    run : TrainingRun
        Where and how long it is trained.

    Attributes
    ----------
    networks_ : list of list of TriplanarNet
        For each part, one a sequence, none of which has seen a patient of the part.
    forests_ : list of RandomForestClassifier
        Of each part.
    log_odds_ : (classes,)
        What is added to the logarithms of the probabilities.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[Rao2015Settings]] = Rao2015Settings
    TINY: ClassVar[Rao2015Settings] = Rao2015Settings(
        side=16,
        widths=(6, 8),
        hidden=12,
        kernel=3,
        centers=1_000,
        rows=100,
        judged=20,
        trees=20,
        leaves=64,
        stride=4,
        schedule=Schedule(steps=40, batch=48, learning_rate=5e-3),
    )

    def __init__(
        self, settings: Rao2015Settings = Rao2015Settings(), *, run: TrainingRun = TrainingRun()
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn the networks of each part, then its forest from what they say of the part."""
        check_fields(cohort, CARD)
        refuse_controls(self.settings.schedule.regularization, "batch_norm", system=CARD.name)
        own = self.settings
        folds = patient_folds(cohort.rows, seed=self.run.seed, folds=own.parts, validation=0).folds
        with ExitStack() as scratch:
            parts = [
                scratch.enter_context(Cases(cohort.only(fold.test), self._prepare))
                for fold in folds
            ]
            aside = scratch.enter_context(Cases(validation, self._prepare)) if validation else None
            counts = [case.arrays["counts"] for part in parts for case in part]
            self.log_odds_ = log_odds_in_brains(counts, strength=own.prior)
            self.networks_, self.forests_ = [], []
            for number, part in enumerate(parts):
                others = [other for other in parts if other is not part]
                networks = self._teach(f"without-{number}", others, aside)
                self.networks_.append(networks)
                self.forests_.append(self._grow(networks, part))
        return self

    def predict(self, study: Study) -> Prediction:
        """Label every voxel of the brain."""
        volume = volume_of(study, self.settings.sequences)
        images = normalized(volume, brain_statistics)
        probabilities = self.probabilities(images, volume.brain)
        probabilities *= np.exp(self.log_odds_)[:, None, None, None]
        classes = probabilities.argmax(axis=0)
        return Prediction(study.study_id, labels=volume.back(labels_of_classes(classes)))

    def probabilities(
        self, images: NDArray[np.float32], brain: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Say how likely each class is where classes are equally frequent, (classes, X, Y, Z).

        Parameters
        ----------
        images : (sequences, X, Y, Z)
            z-scores.
        brain : (X, Y, Z)
            What is answered; elsewhere the values mean nothing.
        """
        stride = self.settings.stride
        nodes = nodes_in(brain, stride)
        voxels = voxels_of(nodes, stride)
        answers = np.zeros((len(voxels), CLASSES), dtype=np.float32)
        for networks, forest in zip(self.networks_, self.forests_, strict=True):
            hidden = self._hidden(networks, images, voxels)
            answers[:, forest.classes_] += forest.predict_proba(hidden) / len(self.forests_)
        return between_nodes(answers, nodes, brain.shape, stride=stride)

    def write_weights(self, folder: Path) -> None:
        """Write the networks and the forests."""
        from gliokit.learning.forest import write_forests
        from gliokit.learning.weights import write_network

        for path, network in self._paths(folder, self.networks_):
            write_network(path, network)
        write_forests(folder / FORESTS, self.forests_)
        save_file({"log_odds": self.log_odds_}, folder / LOG_ODDS)

    def read_weights(self, folder: Path) -> Self:
        """Read the networks and the forests."""
        from gliokit.learning.forest import read_forests
        from gliokit.learning.weights import read_network

        own = self.settings
        self.networks_ = [[self._new_network() for _ in own.sequences] for _ in range(own.parts)]
        for path, network in self._paths(folder, self.networks_):
            read_network(path, network)
            network.to(self.run.device)
        self.forests_ = read_forests(folder / FORESTS, features=len(own.sequences) * own.hidden)
        self.log_odds_ = load_file(folder / LOG_ODDS)["log_odds"]
        return self

    def _paths(
        self, folder: Path, networks: "Sequence[Sequence[TriplanarNet]]"
    ) -> "Iterator[tuple[Path, TriplanarNet]]":
        for number, part in enumerate(networks):
            for sequence, network in zip(self.settings.sequences, part, strict=True):
                yield folder / f"without-{number}-{sequence}.safetensors", network

    def _new_network(self) -> "TriplanarNet":
        import torch

        from gliokit.networks.rao2015 import TriplanarNet

        torch.manual_seed(self.run.seed)
        own = self.settings
        return TriplanarNet(
            CLASSES,
            side=own.side,
            widths=own.widths,
            hidden=own.hidden,
            kernel=own.kernel,
            dropout=own.schedule.regularization.dropout,
        )

    def _teach(
        self, name: str, parts: Sequence[Cases], aside: Cases | None
    ) -> "list[TriplanarNet]":
        """Teach a network for each sequence on some parts of the patients."""
        from gliokit.learning.lesson import Lesson, teach

        own = self.settings
        share = own.networks_share / (own.parts * len(own.sequences))
        networks = []
        for channel, sequence in enumerate(own.sequences):
            network = self._new_network()
            lesson = Lesson(
                f"{name}-{sequence}",
                draw=self._drawing(parts, channel),
                loss=patch_loss,
                schedule=own.schedule,
                data=" ".join(own.sha256 for own in (*parts, *([aside] if aside else []))),
                settings=repr(own),
                validate=self._judge(aside, channel) if aside else None,
            )
            teach(network, lesson, self.run.share(share))
            networks.append(network)
        return networks

    def _grow(self, networks: "Sequence[TriplanarNet]", part: Cases) -> "RandomForestClassifier":
        """Fit a forest on what networks say of patients that they have not seen."""
        from sklearn.ensemble import RandomForestClassifier

        own = self.settings
        hidden, classes = [], []
        for case in part:
            voxels, values = rows_of(case.arrays, own.rows)
            hidden.append(self._hidden(networks, case.arrays["images"], voxels))
            classes.append(values)
        forest = RandomForestClassifier(
            max(own.trees // own.parts, 1),
            max_features="sqrt",
            class_weight="balanced",
            min_samples_leaf=own.leaf,
            max_leaf_nodes=own.leaves,
            random_state=self.run.seed,
        )
        return forest.fit(np.concatenate(hidden), np.concatenate(classes))

    def _prepare(self, study: Study, labels: LabelMap) -> Arrays:
        """Make images (C, X, Y, Z) in half precision, voxels (n, 3) of each class, and counts."""
        volume = volume_of(study, self.settings.sequences)
        classes = classes_of(labels_of(volume, labels, study))
        rng = np.random.default_rng(self.run.seed)
        listed = voxels_by_class(classes, volume.brain, most=self.settings.centers, rng=rng)
        none = np.empty((0, 3), dtype=np.int32)
        return {
            "images": normalized(volume, brain_statistics).astype(np.float16),
            "counts": np.bincount(classes[volume.brain], minlength=CLASSES),
            **{f"class-{c}": rng.permutation(listed.get(c, none)) for c in range(CLASSES)},
        }

    def _drawing(
        self, parts: Sequence[Cases], channel: int
    ) -> "Callable[[np.random.Generator], tuple[NDArray[np.generic], NDArray[np.generic]]]":
        """Make what draws the planes through a voxel, (3, side, side), and its class, ()."""
        changes = self.settings.schedule.regularization.augmentation

        def draw(rng: np.random.Generator) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
            arrays = parts[int(rng.integers(len(parts)))].draw(rng).arrays
            listed = {value: arrays[f"class-{value}"] for value in range(CLASSES)}
            voxels, classes = draw_classes(listed, 1, rng)
            planes = planes_through(arrays["images"][channel], voxels[0], self.settings.side)
            return augment(planes, classes[0], rng, probability=changes)

        return draw

    def _judge(self, cases: Cases, channel: int) -> "Callable[[nn.Module], float]":
        """Make the score by which weights are chosen: balanced accuracy over the same voxels."""
        import torch

        patches, classes = [], []
        for case in cases:
            voxels, values = rows_of(case.arrays, self.settings.judged)
            image = case.arrays["images"][channel]
            patches += [planes_through(image, voxel, self.settings.side) for voxel in voxels]
            classes.append(values)
        x, reference = torch.from_numpy(np.stack(patches)), np.concatenate(classes)

        def score(network: "nn.Module") -> float:
            logits = [self._outputs(network, part) for part in x.split(AT_ONCE)]
            return balanced_accuracy(reference, np.concatenate(logits).argmax(axis=1))

        return score

    def _hidden(
        self,
        networks: "Sequence[TriplanarNet]",
        images: NDArray[np.generic],
        voxels: NDArray[np.integer],
    ) -> NDArray[np.float32]:
        """Give the hidden values of voxels (n, 3), network after network, (n, all of them)."""
        import torch

        from gliokit.networks.rao2015 import padded_for_patches, triplanar_patches

        side = self.settings.side
        places = torch.from_numpy(voxels.astype(np.int64)).split(AT_ONCE)
        hidden = np.empty((len(networks), len(voxels), self.settings.hidden), dtype=np.float32)
        for own, network, image in zip(hidden, networks, images, strict=True):
            padded = padded_for_patches(torch.from_numpy(image.astype(np.float32)), side)
            values = [
                self._outputs(network.features, triplanar_patches(padded, some, side=side))
                for some in places
            ]
            np.concatenate(values, out=own)
        return np.concatenate(hidden, axis=1)

    def _outputs(self, function: "Callable[[Tensor], Tensor]", x: "Tensor") -> NDArray[np.float32]:
        """Call a network on a batch, in the precision of its training."""
        from gliokit.learning.device import answering, placed

        device = self.run.device
        with answering(device, mixed=self.settings.schedule.mixed):
            return function(placed(x.to(device))).float().cpu().numpy()


def planes_through(
    image: NDArray[np.generic], voxel: NDArray[np.integer], side: int
) -> NDArray[np.float32]:
    """Cut the planes XY, YZ and XZ through a voxel of an image, (3, side, side)."""
    x, y, z = voxel.tolist()
    planes = ((image[:, :, z], (x, y)), (image[x], (y, z)), (image[:, y], (x, z)))
    return np.stack([cut(plane, center, (side, side)) for plane, center in planes]).astype(
        np.float32
    )


def rows_of(arrays: Arrays, most: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the first voxels (n, 3) of each class of a study, and their classes (n,)."""
    listed = [arrays[f"class-{value}"][:most] for value in range(CLASSES)]
    return np.concatenate(listed), np.repeat(np.arange(CLASSES), [len(own) for own in listed])


def patch_loss(logits: "Tensor", reference: "Tensor") -> "Tensor":
    """Cross-entropy of logits (N, classes) and classes (N,)."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits.float(), reference.long())
