"""Which parts of an outline are believed to be tumor: logistic regressions over parts.

Both networks outline periventricular white matter, sinuses and artefacts of healthy brains as
well, sometimes 100 mL of them, and specks of enhancement beside tumors. A part is kept where
its description (`lesion_features`) is likelier that of tumor, or where the coarse network is
surer than `UNDOUBTED`: a symmetric tumor is described like a healthy brain. With a sequence
missing, a part of `LARGE_ML` is kept too and leaves the doubt whether there is a tumor: whole
tumors were left out. Enhancing parts of less than `JUDGED_ML`, where all four sequences are
there, are judged likewise; what is not believed counts as core that does not enhance. Fitted on
simulated patients only, with and without tumor, with all and with some of the sequences
(`training/default/decisions.py`).

The coefficients lie in the bundle as `lesions.json`.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import BundleError
from gliokit.core.findings import Notice
from gliokit.core.vocabulary import Label
from gliokit.preprocessing.view import INPUTS, MM3_PER_ML, View
from gliokit.segmentation.lesion_features import FEATURES, describe_parts
from gliokit.segmentation.regions import SMALLEST_ML, UNDOUBTED, component_sizes

LESIONS = "lesions.json"
COARSE_HIGHEST = FEATURES.index("coarse WT highest")
LARGE_ML = 20.0  # assumed
SPECK_ML, JUDGED_ML = 0.03, 1.0  # of enhancement: always noise below, believed unjudged from

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PartModel:
    """Weights of the features of parts.

    Attributes
    ----------
    weights : (len(FEATURES),)
        Of the log odds.
    offset : float
        Log odds where every feature is 0.
    """

    weights: NDArray[np.float64] = field(repr=False)
    offset: float

    def log_odds(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds for parts (n, len(FEATURES)): (n,)."""
        return features @ self.weights + self.offset


@dataclass(frozen=True, slots=True)
class LesionModel:
    """How tumor is told from what only looks like it.

    Attributes
    ----------
    tumor, enhancing : PartModel
        That a part of the outline is tumor; that a small enhancing part does enhance.
    complete, partial : float
        Log odds from which a part is kept with all four sequences, and with fewer.
    doubted : float
        Log odds below which the surest part leaves a doubt whether there is any tumor.
    enhances : float
        Log odds from which a small enhancing part is kept.
    """

    tumor: PartModel
    enhancing: PartModel
    complete: float
    partial: float
    doubted: float
    enhances: float

    def keep_believed(
        self, labels: NDArray[np.uint8], fine: Array, coarse: Array, view: View
    ) -> tuple[Notice, ...]:
        """Remove parts that are not believed, in place, and say how much.

        Parameters
        ----------
        labels : (X, Y, Z)
            Of tumor alone: what may be cavity still counts as tumor, as in training.
        fine, coarse : (4, X, Y, Z)
            Logits, uncalibrated: joined, and of the coarse network alone.
        """
        parts = component_sizes(labels > 0, view.voxel_ml * MM3_PER_ML)
        if len(parts.milliliters) == 1:
            return ()
        features = describe_parts(parts, fine, coarse, view)
        odds = self.tumor.log_odds(features)
        full = len(view.images) == len(INPUTS)
        least = self.complete if full else self.partial
        kept = undoubted(features) | (not full and parts.milliliters[1:] >= LARGE_ML)
        unsure = np.r_[False, (odds < least) & ~kept]
        labels[unsure[parts.number]] = Label.BACKGROUND
        surest = float(odds[~unsure[1:]].max(initial=-np.inf))
        large = unsure & (parts.milliliters >= SMALLEST_ML)  # smaller ones are dropped anyway
        return (
            *_left_out(float(parts.milliliters[large].sum())),
            *_doubts(not unsure[1:].all() and surest < self.doubted),
            *(self._keep_enhancing(labels, fine, coarse, view) if full else ()),
        )

    def _keep_enhancing(
        self, labels: NDArray[np.uint8], fine: Array, coarse: Array, view: View
    ) -> tuple[Notice, ...]:
        """Count small enhancing parts that are not believed as core, in place, and say so."""
        parts = component_sizes(labels == Label.ENHANCING, view.voxel_ml * MM3_PER_ML)
        small = (parts.milliliters > 0) & (parts.milliliters < JUDGED_ML)
        if not small.any():
            return ()
        odds = np.full(len(small), -np.inf)
        odds[1:] = self.enhancing.log_odds(describe_parts(parts, fine, coarse, view))
        unsure = small & ((odds < self.enhances) | (parts.milliliters < SPECK_ML))
        labels[unsure[parts.number]] = Label.NECROTIC_CORE
        return _not_enhancing(float(parts.milliliters[unsure].sum()))


def undoubted(features: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which parts (n, len(FEATURES)) the coarse network is too sure of to be left out, (n,)."""
    return features[:, COARSE_HIGHEST] >= UNDOUBTED


def _left_out(milliliters: float) -> tuple[Notice, ...]:
    if not milliliters:
        return ()
    text = (
        f"{milliliters:.1f} mL that look a little like tumor were left out: the model sees such "
        "things in healthy brains as well. Look at the images where you expect a tumor."
    )
    return (Notice("unsure-parts-dropped", text),)


def _doubts(doubtful: bool) -> tuple[Notice, ...]:
    if not doubtful:
        return ()
    text = (
        "The model is not sure that there is a tumor at all: it can be as sure of healthy "
        "brains. Look at the images before any number is used."
    )
    return (Notice("tumor-unsure", text),)


def _not_enhancing(milliliters: float) -> tuple[Notice, ...]:
    if milliliters < SMALLEST_ML:
        return ()
    text = (
        f"{milliliters:.1f} mL of small parts that look a little like enhancement were counted as "
        "tumor core that does not enhance: the model sees such parts where nothing enhances."
    )
    return (Notice("unsure-enhancement", text),)


def read_lesion_model(path: Path) -> LesionModel | None:
    """Read the coefficients of a bundle; None if it has none.

    Raises
    ------
    BundleError
        If they are incomplete or of other features.
    """
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_bytes())
        return LesionModel(
            _read_parts(content["tumor"]),
            _read_parts(content["enhancing"]),
            *(float(content[name]) for name in ("complete", "partial", "doubted", "enhances")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BundleError(
            f"{path} does not tell which parts are tumor ({error}); install the bundle again"
        ) from error


def _read_parts(content: dict[str, dict[str, float] | float]) -> PartModel:
    weights, offset = content["weights"], content["offset"]
    if not isinstance(weights, dict) or list(weights) != list(FEATURES):
        raise ValueError("other features than this version of gliokit describes parts by")
    return PartModel(np.array(list(weights.values()), dtype=np.float64), float(offset))  # type: ignore[arg-type]
