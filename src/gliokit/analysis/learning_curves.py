"""Learning curves from the logs of trainings."""

import csv
from collections.abc import Sequence
from math import nan
from pathlib import Path

import numpy as np

from gliokit.analysis.fold_work import TRAINING
from gliokit.learning.log import LOG
from gliokit.reporting.evaluation_record import Curve

POINTS = 120  # a curve is drawn with at most so many


def read_curves(folder: Path, folds: Sequence[int]) -> tuple[Curve, ...]:
    """Read the logs of some folds of a system; a training without one has no curve."""
    return tuple(
        curve
        for fold in folds
        for log in sorted((folder / f"fold-{fold}" / TRAINING).rglob(LOG))
        if (curve := _read_curve(log, fold))
    )


def _read_curve(log: Path, fold: int) -> Curve | None:
    with log.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["step"] and row["loss"]]
    if not rows:
        return None
    part = log.parent.name
    steps = [int(row["step"]) for row in rows]
    loss = [float(row["loss"]) for row in rows]
    scored = [(int(row["step"]), float(row["score"] or nan)) for row in rows if row["score"]]
    return Curve(
        fold,
        part,
        _thinned(steps),
        _thinned(loss),
        [step for step, _ in scored],
        [score for _, score in scored],
    )


def _thinned(values: Sequence[float]) -> list[float]:
    """Average neighbors, so that a curve has few points and the noise of single steps is less."""
    groups = np.array_split(np.asarray(values, dtype=float), min(POINTS, len(values)))
    return [float(group.mean()) for group in groups]
