"""Size of the enhancing tumor in one, two and three dimensions, from one outline.

Diameters and products are summed over the largest lesions, as response criteria do; the volume is
that of all enhancing tumor. A lesion that is not measurable by RANO (10 mm by 10 mm, on two slices)
is measured all the same: to leave it out would make tumors of many small parts small in one and two
dimensions only. How many are measurable is kept, so that a study can be read without the others.

Source: sums and measurability: Wen et al., J Clin Oncol 2010;28:1963-72,
doi:10.1200/JCO.2009.26.3541.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import log2, nan
from types import MappingProxyType

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import bounding_box
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.lesion_size import LesionSize, Protocol, measure_size
from gliokit.measurement.measurability import SIZE_RULES, Interior, measured_mask
from gliokit.measurement.volume import volume_ml
from gliokit.prognosis.followed import Description

LESIONS, MEASURABLE = "lesions", "measurable_lesions"


class SizeMeasure(StrEnum):
    """What is taken for the size of a tumor; the value names it in descriptions."""

    DIAMETER = "longest_diameter_mm"
    PRODUCT = "product_mm2"
    VOLUME = "volume_ml"


DIMENSIONS: MappingProxyType[SizeMeasure, str] = MappingProxyType(
    {SizeMeasure.DIAMETER: "1-D", SizeMeasure.PRODUCT: "2-D", SizeMeasure.VOLUME: "3-D"}
)


class Scale(StrEnum):
    """How a size enters the hazard."""

    DOUBLINGS = "doublings"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class SizeSettings:
    """How a tumor is measured; assumed.

    Attributes
    ----------
    diameters_cross : Interior
        What diameters may cross; a necrotic core, as calipers span a ring from edge to edge.
    volume_of : Interior
        What the volume holds.
    targets : int
        Lesions, the largest first, that are summed in one and two dimensions.
    smallest_ml : float
        A smaller lesion is no target unless there is no other.
    """

    diameters_cross: Interior = Interior.NECROSIS
    volume_of: Interior = Interior.EXCLUDED
    targets: int = 5
    smallest_ml: float = 0.1


def describe_size(labels: LabelMap, settings: SizeSettings) -> Description:
    """Measure the enhancing tumor.

    Parameters
    ----------
    labels : LabelMap
        On any grid.

    Returns
    -------
    Description
        All sizes 0 where nothing enhances.
    """
    volume = sum(
        volume_ml(part, labels.affine) for part in enhancing_lesions(labels, settings.volume_of)
    )
    lesions = list(enhancing_lesions(labels, settings.diameters_cross))
    large = [own for own in lesions if volume_ml(own, labels.affine) >= settings.smallest_ml]
    protocol = Protocol(SIZE_RULES["rano_hgg2010"])
    targets = [
        measure_size(own, labels.affine, protocol) for own in (large or lesions)[: settings.targets]
    ]
    values = {
        SizeMeasure.DIAMETER.value: sum(own.longest.length.value for own in targets),
        SizeMeasure.PRODUCT.value: sum(own.product_mm2 for own in targets),
        SizeMeasure.VOLUME.value: volume,
        LESIONS: float(len(lesions)),
        MEASURABLE: float(sum(own.measurability.measurable for own in targets)),
    }
    return Description({name: float(value) for name, value in values.items()}, _doubts(targets))


def enhancing_lesions(labels: LabelMap, interior: Interior) -> Iterator[NDArray[np.bool_]]:
    """Give the lesions that enhance, the largest first.

    Each mask is cut to the lesion; its place in the map is lost, its axes are not.

    Parameters
    ----------
    interior : Interior
        What counts inside an enhancing rim; a part of it that touches no enhancement is none.
    """
    mask = measured_mask(labels.array, interior=interior)
    box = bounding_box(mask)
    numbers = cc3d.connected_components(mask[box], connectivity=26)
    enhancing = np.unique(numbers[labels.array[box] == Label.ENHANCING])
    sizes = np.bincount(numbers.ravel())
    for number in sorted(enhancing.tolist(), key=lambda own: (-int(sizes[own]), own)):
        part = numbers == number
        yield part[bounding_box(part)]


def scaled(values: Mapping[str, float], measure: SizeMeasure, scale: Scale) -> float:
    """Give a size as it enters the hazard; `nan` where nothing enhances, or it is unknown."""
    size = values.get(measure.value, nan)
    if not size > 0:
        return nan
    return log2(size) if scale is Scale.DOUBLINGS else size


def covariate(measure: SizeMeasure, scale: Scale) -> str:
    """Name a size as it enters the hazard."""
    return f"{scale} of {measure}" if scale is Scale.DOUBLINGS else measure.value


def _doubts(targets: list[LesionSize]) -> dict[str, str]:
    if any(own.measurability.measurable for own in targets):
        return {}
    if not targets:
        return {"size": "nothing enhances"}
    reason = targets[0].measurability.reason
    return {
        "measurable disease": f"no lesion is measurable by RANO ({reason}); its diameters are "
        "taken all the same"
    }
