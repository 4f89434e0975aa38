"""How sure the default model is, made true: recalibrated logits, and intervals of volumes.

The figures lie in the bundle as `calibration.json`, fitted on studies that the weights have
not seen (`training/default/calibrate.py`): a slope and an offset per region, and how far the
threshold must be moved so that nine in ten intervals hold the true volume.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import BundleError
from gliokit.core.vocabulary import Region
from gliokit.evaluation.conformal import volume_interval

CALIBRATION = "calibration.json"
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class RegionCalibration:
    """Figures of one region.

    Attributes
    ----------
    slope, offset : float
        Calibrated logit = slope x logit + offset.
    shift : float or None
        In calibrated logits: the 90 % interval of the volume lies between the volumes above
        `shift` and above `-shift`; None where none was fitted.
    """

    slope: float
    offset: float
    shift: float | None = None


class Calibration:
    """Figures of every region.

    Parameters
    ----------
    regions : mapping of Region to RegionCalibration
        In the order of the network's outputs.
    """

    def __init__(self, regions: Mapping[Region, RegionCalibration]) -> None:
        self.regions = dict(regions)

    @property
    def fitted(self) -> bool:
        """Whether studies were there to fit it on: else nobody knows how sure is sure."""
        return any(figures.shift is not None for figures in self.regions.values())

    def apply(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrate logits (regions, X, Y, Z) in place, and give them."""
        for own, region in zip(logits, self.regions.values(), strict=True):
            own *= np.float32(region.slope)
            own += np.float32(region.offset)
        return logits

    def intervals(
        self, logits: NDArray[np.float32], voxel_ml: float
    ) -> dict[Region, tuple[float, float]]:
        """Give the 90 % intervals of the volumes that were fitted, in mL.

        Parameters
        ----------
        logits : (regions, X, Y, Z)
            Calibrated.
        """
        return {
            region: volume_interval(own, voxel_ml, t=figures.shift)
            for own, (region, figures) in zip(logits, self.regions.items(), strict=True)
            if figures.shift is not None
        }

    def to_json(self) -> str:
        """Write the figures as they lie in a bundle."""
        content = {
            str(region): {"slope": r.slope, "offset": r.offset, "shift": r.shift}
            for region, r in self.regions.items()
        }
        return json.dumps(content, indent=2) + "\n"


def read_calibration(path: Path) -> Calibration:
    """Read the figures of a bundle from its file.

    Raises
    ------
    BundleError
        If they are missing or incomplete.
    """
    try:
        content = json.loads(path.read_bytes())
        return Calibration({Region(r): RegionCalibration(**own) for r, own in content.items()})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BundleError(
            f"{path} is no calibration ({error}); needed: slope, offset and shift per region"
        ) from error
