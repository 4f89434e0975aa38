"""A table of named numbers, one row per study, with what is known of each study beside it.

A gap is information in a tumor: without enhancement there is no texture of the enhancing part.
Unknown numbers are `nan`; a cell that held something that is no finite number is `nan` too, and
`unread` says of each column how many there were and what they held.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import CohortError


@dataclass(frozen=True, slots=True)
class UnreadCells:
    """Cells of one column that hold something, but no finite number.

    Attributes
    ----------
    column : str
        Its name.
    count : int
        How many cells.
    found : str
        What the first of them holds.
    reason : str
        `infinite` or `text`, of the first of them.
    """

    column: str
    count: int
    found: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """Rows of named numbers.

    Attributes
    ----------
    studies, patients : (n,)
        Study id, unique, and patient of each row.
    names : (p,)
        Of the features, unique.
    values : (n, p)
        `nan` where unknown.
    facts : mapping of str to (n,)
        Columns that are no features (age, genotype, survival), as text; empty where unknown.
    unread : tuple of UnreadCells
        What became `nan` although the cell was not empty, by column.
    """

    studies: tuple[str, ...]
    patients: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64] = field(repr=False)
    facts: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)
    unread: tuple[UnreadCells, ...] = field(repr=False, default=())

    def __post_init__(self) -> None:
        for kind, names in (("study", self.studies), ("feature", self.names)):
            if twice := first_repeated(names):
                raise CohortError(f"{kind} {twice} stands twice in the table; keep one of them")
        rows = {"patients": len(self.patients)} | {k: len(v) for k, v in self.facts.items()}
        if wrong := [f"{n} {name}" for name, n in rows.items() if n != len(self.studies)]:
            raise CohortError(f"{wrong[0]} for {len(self.studies)} studies; give one to each")
        if self.values.shape != (needed := (len(self.studies), len(self.names))):
            raise CohortError(f"values have the shape {self.values.shape}; needed {needed}")

    def __len__(self) -> int:
        return len(self.studies)

    def numbers(self, fact: str) -> NDArray[np.float64]:
        """Give a fact as numbers (n,), `nan` where unknown.

        Raises
        ------
        CohortError
            If there is no such fact, or a cell is no number.
        """
        if fact not in self.facts:
            raise CohortError(
                f"the table has no column {fact}, only {', '.join(self.facts) or 'features'}"
            )
        try:
            return np.array([float(cell) if cell else math.nan for cell in self.facts[fact]])
        except ValueError as error:
            raise CohortError(f"column {fact}: {error}; needed numbers, or empty cells") from None

    def only(self, rows: NDArray[np.bool_]) -> "FeatureTable":
        """Give the table of some of its rows, chosen by a mask (n,)."""
        kept = np.flatnonzero(rows).tolist()
        return replace(
            self,
            studies=tuple(self.studies[row] for row in kept),
            patients=tuple(self.patients[row] for row in kept),
            values=self.values[kept],
            facts={name: tuple(cells[row] for row in kept) for name, cells in self.facts.items()},
        )

    def features(self, names: Sequence[str]) -> "FeatureTable":
        """Give the table of some of its features, in this order.

        Raises
        ------
        CohortError
            Naming the first feature that the table does not have.
        """
        place = {name: column for column, name in enumerate(self.names)}
        if unknown := [name for name in names if name not in place]:
            raise CohortError(
                f"the table has no feature {unknown[0]} ({len(unknown)} of {len(names)} are "
                "unknown); use the names of its header"
            )
        kept = [place[name] for name in names]
        wanted = set(names)
        return replace(
            self,
            names=tuple(names),
            values=self.values[:, kept],
            unread=tuple(cells for cells in self.unread if cells.column in wanted),
        )


def first_repeated(names: Sequence[str]) -> str | None:
    """Find the first name that stood before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
