"""What a published system is: its card, what it learns from, and what it answers.

A system is fitted on a cohort and asked about one study at a time, in scikit-learn's manner.
It sees studies, never paths. What the cohort lacks is refused by name before anything is learnt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from gliokit.core.cohort import Cohort
from gliokit.core.errors import CohortError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence

LABELS = "labels"


class Task(StrEnum):
    """What a system answers."""

    SEGMENTATION = "segmentation"
    CLASSIFICATION = "classification"
    SURVIVAL = "survival"


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One result as its authors report it; never comparable with ours: the cohorts differ.

    Attributes
    ----------
    quantity : str
        What was measured, with its summary: "mean Dice, whole tumor".
    value : float
        As printed.
    cohort : str
        On whom, with n.
    level : str
        The unit that was counted: patient, slice, voxel.
    caveat : str
        What a reader must know before quoting it; empty if nothing.
    """

    quantity: str
    value: float
    cohort: str
    level: str
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class SystemCard:
    """What a system is and how far it can be trusted.

    Attributes
    ----------
    name : str
        As typed: first author and year.
    title : str
        In a few words.
    task : Task
        What it answers.
    question : str
        The clinical question, one sentence.
    sequences : tuple of MRSequence
        Images that a study must have.
    fields : tuple of str
        Columns of the cohort's table that training needs beside the images.
    source : str
        The paper, with its DOI.
    cohort : str
        Whom the authors studied.
    figures : tuple of PublishedFigure
        What they report.
    assumed : tuple of str
        What the paper leaves open, and the value taken here.
    departures : tuple of str
        Where this implementation does otherwise than the paper, and why.
    caveats : tuple of str
        Pitfalls of the method and of the paper.
    any_subset : bool
        Whether it does with some of `sequences`.
    outputs : tuple of str
        Channels of its networks, where others than the system read its bundle; the task when empty.
    """

    name: str
    title: str
    task: Task
    question: str
    sequences: tuple[MRSequence, ...]
    fields: tuple[str, ...]
    source: str
    cohort: str
    figures: tuple[PublishedFigure, ...]
    assumed: tuple[str, ...]
    departures: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    any_subset: bool = False
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one study.

    Attributes
    ----------
    study_id : str
        Whom it is about.
    labels : LabelMap or None
        Of a segmentation, on the grid of the study's reference image.
    probabilities : mapping of str to float
        Of each class; empty if the task has none.
    value : float or None
        A risk or a measured quantity.
    interval : tuple of float or None
        Around `value`.
    abstained : str
        Why there is no answer; empty if there is one.
    """

    study_id: str
    labels: LabelMap | None = field(default=None, repr=False)
    probabilities: Mapping[str, float] = field(default_factory=dict)
    value: float | None = None
    interval: tuple[float, float] | None = None
    abstained: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands.

    Attributes
    ----------
    part : str
        Which network or phase is being trained.
    step, steps : int
        Taken, and planned.
    loss : float
        Of the last step.
    seconds_left : float
        Estimated, for this part.
    """

    part: str
    step: int
    steps: int
    loss: float
    seconds_left: float


def say_nothing(progress: Progress) -> None:
    """Stand in where nobody wants to know."""


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Where and how long a system is trained; not what it learns.

    Attributes
    ----------
    folder : Path or None
        Of checkpoints and logs, from which a stopped training goes on; None keeps none.
    seed : int
        Of every draw.
    minutes : float or None
        At most so long in steps, in all; preparing the studies comes on top. The schedule is then
        run through in that time, so that the result depends on the machine; None takes every step
        that the settings plan.
    device : str
        `cpu` or `cuda`.
    workers : int
        Threads that draw examples ahead of the one that trains.
    report : callable
        Told how the training goes on.
    """

    folder: Path | None = None
    seed: int = 0
    minutes: float | None = None
    device: str = "cpu"
    workers: int = 0
    report: Callable[[Progress], None] = say_nothing

    def share(self, fraction: float) -> "TrainingRun":
        """Give the run of a part of the training, with its fraction of the time limit."""
        return replace(self, minutes=None if self.minutes is None else self.minutes * fraction)


class System(Protocol):
    """A method that learns from a cohort; the contract that every one is tested against.

    `Settings` is a frozen dataclass; its defaults are the published ones, `TINY` has the smallest
    sizes that still run every line.
    """

    card: ClassVar[SystemCard]
    # Any: each system has a record of its own, and a protocol's attributes are invariant
    Settings: ClassVar[type[Any]]
    TINY: ClassVar[Any]
    settings: Any
    run: TrainingRun

    def __init__(self, settings: Any = ..., *, run: TrainingRun = ...) -> None: ...

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn from a cohort; other patients, where given, say when to stop.

        Raises
        ------
        CohortError
            If the cohort lacks a sequence or column, named.
        """

    def predict(self, study: Study) -> Prediction:
        """Answer for one study.

        Raises
        ------
        MissingSequenceError
            If the study lacks an image.
        NotAssessableError
            If no honest answer is possible.
        """

    def write_weights(self, folder: Path) -> None:
        """Write what was learnt into an empty folder; never pickle."""

    def read_weights(self, folder: Path) -> Self:
        """Take up what `write_weights` wrote; the settings must be those of the writer."""


def check_fields(cohort: Cohort, card: SystemCard) -> None:
    """Refuse a cohort that lacks what a system learns from.

    Raises
    ------
    CohortError
        Naming the system, the columns and the rows.
    """
    needed = (*(() if card.any_subset else card.sequences), *card.fields)
    for column in needed:
        lacking = [row for row in cohort.rows if column not in row.cells]
        if lacking:
            rows = ", ".join(str(row.number) for row in lacking[:8])
            more = f" and {len(lacking) - 8} more" if len(lacking) > 8 else ""
            raise CohortError(
                f"system {card.name} needs the column {column}, which is empty in row {rows}{more} "
                f"({len(lacking)} of {len(cohort)} studies); fill it, leave these rows out, or "
                "choose a system that does without"
            )
