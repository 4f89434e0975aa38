"""How likely a voxel is to lie in a resection cavity: a logistic regression over voxels.

The fine network tells cavities from brain, but its own output for them never rises above that
for tumor. Here its four outputs and the z-scores of the four sequences, with their squares, are
weighed anew. Fitted on simulated patients after surgery (`training/default/decisions.py`), so
it says how likely a cavity is *given surgery*; whether there was any is for `cavity_mask`.

The coefficients lie in the bundle as `cavity.json`. Never tested on a real patient after
surgery: none with an outlined cavity was at hand.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import BundleError
from gliokit.preprocessing.view import INPUTS

CAVITY = "cavity.json"
WEIGHTS = ("logits", "scores", "squares", "present")
HIGHEST_LOGIT, HIGHEST_SCORE = 8.0, 5.0  # beyond it they count as that

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CavityModel:
    """How a cavity is told from tumor and brain.

    Attributes
    ----------
    logits : (4,)
        Weights of the fine network's outputs.
    scores, squares, present : (4,)
        Weights of the z-scores of each sequence, of their squares, and of its being there.
    offset : float
        Log odds where everything else is 0.
    """

    logits: NDArray[np.float32] = field(repr=False)
    scores: NDArray[np.float32] = field(repr=False)
    squares: NDArray[np.float32] = field(repr=False)
    present: NDArray[np.float32] = field(repr=False)
    offset: float

    def logit(self, fine: Array, x: Array) -> Array:
        """Weigh outputs and input of the fine network, (4, X, Y, Z) each, to (X, Y, Z)."""
        there = np.array([channel.any() for channel in x])
        total = np.full(x.shape[1:], self.offset + self.present @ there, dtype=np.float32)
        for weight, logit in zip(self.logits, fine, strict=True):
            total += weight * logit.clip(-HIGHEST_LOGIT, HIGHEST_LOGIT)
        for channel in np.flatnonzero(there):
            score = x[channel].clip(-HIGHEST_SCORE, HIGHEST_SCORE)
            total += (self.scores[channel] + self.squares[channel] * score) * score
        return total


def read_cavity_model(path: Path) -> CavityModel | None:
    """Read the coefficients of a bundle; None if it has none.

    Raises
    ------
    BundleError
        If they are incomplete.
    """
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_bytes())
        weights = [np.array(content[name], dtype=np.float32) for name in WEIGHTS]
        if any(own.shape != (len(INPUTS),) for own in weights):
            raise ValueError(f"found {[own.shape for own in weights]} weights")
        logits, scores, squares, present = weights
        return CavityModel(logits, scores, squares, present, float(content["offset"]))
    except (ValueError, TypeError, KeyError) as error:
        raise BundleError(
            f"{path} does not tell what a cavity is ({error}); needed: an offset and four weights "
            f"each of {', '.join(WEIGHTS)}; install the bundle again"
        ) from error
