"""How sure the default model is, made true: recalibrated logits, and intervals of volumes.

The figures lie in the bundle as `calibration.json`, fitted on studies that the weights have
not seen (`training/default/calibrate.py`): a slope and an offset per region; how far the threshold
is moved up and down, and how much further the interval must reach, so that nine in ten hold the
true volume; and how small an enhancing tumor may be to be found nine times in ten.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import BundleError
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.evaluation.conformal import volume_interval, widen

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
        In logits of the network, which labels the region above 0: the volumes above `shift` and
        above `-shift` are the core of the 90 % interval; None where none was fitted.
    margin : float
        By which that core is widened at both ends, in logarithms of the volume.
    found_ml : tuple of float or None
        From which volume on nine in ten residual tumors are found, and its 90 % interval; None
        where that was not measured.
    blank_ml : float or None
        Volume that is outlined at most in nine of ten studies without any; None as above.
    """

    slope: float
    offset: float
    shift: float | None = None
    margin: float = 0.0
    found_ml: tuple[float, float, float] | None = None
    blank_ml: float | None = None

    def interval(self, logits: NDArray[np.float32], voxel_ml: float) -> tuple[float, float] | None:
        """Give the 90 % interval of the volume in mL, from calibrated logits (X, Y, Z)."""
        if self.shift is None:
            return None
        t = self.slope * self.shift
        core = volume_interval(logits, voxel_ml, t=t, center=self.offset)
        low, high = widen(core, self.margin)
        return low, min(high, float(np.count_nonzero(logits > -np.inf)) * voxel_ml)


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
    def blank(self) -> Quantity | None:
        """Up to which volume enhancing tumor is outlined where there is none; None as below."""
        figures = self.regions.get(Region.ENHANCING_TUMOR)
        if figures is None or figures.blank_ml is None:
            return None
        return Quantity(figures.blank_ml, "mL")

    @property
    def smallest_found(self) -> Quantity | None:
        """From which volume on nine in ten enhancing tumors are found; None if not measured."""
        figures = self.regions.get(Region.ENHANCING_TUMOR)
        if figures is None or figures.found_ml is None:
            return None
        limit, low, high = figures.found_ml
        return Quantity(limit, "mL", (low, high))

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
        found = {
            region: figures.interval(own, voxel_ml)
            for own, (region, figures) in zip(logits, self.regions.items(), strict=True)
        }
        return {region: ends for region, ends in found.items() if ends is not None}

    def to_json(self) -> str:
        """Write the figures as they lie in a bundle."""
        content = {str(region): asdict(figures) for region, figures in self.regions.items()}
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
        return Calibration({Region(r): _figures(own) for r, own in content.items()})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BundleError(
            f"{path} is no calibration ({error}); needed: slope, offset and shift per region"
        ) from error


def _figures(entries: dict[str, Any]) -> RegionCalibration:
    """Take up what JSON holds of one region."""
    found_ml = entries.pop("found_ml", None)
    if found_ml is None:
        return RegionCalibration(**entries)
    limit, low, high = found_ml
    return RegionCalibration(**entries, found_ml=(limit, low, high))
