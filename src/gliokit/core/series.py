"""One MR series as the scanner made it: its image, and what its header says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.image import Image


@dataclass(frozen=True, slots=True)
class AcquisitionFacts:
    """What a header says that helps to tell what a series shows; None where it is silent.

    Attributes
    ----------
    description : str
        Series description and protocol name. Free text: it may hold anything, a name too, and
        is never written into a result.
    scanning_sequence, sequence_variant, image_type : tuple of str
        As in DICOM: `SE`, `IR`, `GR`, `EP`; `SK`, `MP`; `ORIGINAL`, `PRIMARY`.
    repetition_ms, echo_ms, inversion_ms : float or None
        TR, TE, TI in ms.
    flip_deg : float or None
        Flip angle in degrees.
    echo_train : int or None
        Echoes per excitation.
    b_values : tuple of float
        Diffusion weightings in s/mm², ascending; empty where there are none.
    contrast_agent : bool or None
        Whether a contrast agent is named; None where the header has no such element.
    field_t : float or None
        Field strength in tesla.
    slice_thickness_mm : float or None
        Nominal thickness; the spacing of slices stands in the affine.
    acquisition : 2 or 3 or None
        Dimensions that were encoded.
    time_points : int
        Volumes at each place; more than one in DSC, DCE and BOLD series.
    """

    description: str = field(default="", repr=False)
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()
    repetition_ms: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None
    flip_deg: float | None = None
    echo_train: int | None = None
    b_values: tuple[float, ...] = ()
    contrast_agent: bool | None = None
    field_t: float | None = None
    slice_thickness_mm: float | None = None
    acquisition: int | None = None
    time_points: int = 1


@dataclass(frozen=True, slots=True)
class Series:
    """One series of one study.

    Attributes
    ----------
    number : int
        Counted from 1 within the study in order of acquisition; what the caller names it by.
    image : Image
        On the grid as acquired, RAS+ mm; the first volume where there are several.
    facts : AcquisitionFacts
        What the header says.
    volumes : (time_points, X, Y, Z) or None
        All volumes of a series in time, else None.
    instance_uids : tuple of (str, int)
        For each slice along the array's third axis, of the first volume: SOP Instance UID and
        frame number (1 in classic DICOM). Empty for what was no DICOM.
    notes : tuple of str
        What was repaired or left out while reading, each a sentence.
    uids : mapping of str to str
        `study`, `series` and `frame_of_reference`; empty for what was no DICOM.
    """

    number: int
    image: Image
    facts: AcquisitionFacts = AcquisitionFacts()
    volumes: NDArray[np.float32] | None = field(default=None, repr=False)
    instance_uids: tuple[tuple[str, int], ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    uids: Mapping[str, str] = field(default_factory=dict, repr=False)
