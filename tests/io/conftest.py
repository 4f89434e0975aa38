"""A series that DICOM tests write and read."""

import pytest

from gliokit.io.dicom_writer import SeriesFacts, SliceOrder


@pytest.fixture
def t1_series() -> SeriesFacts:
    """Give the facts of an interleaved spin echo T1."""
    return SeriesFacts(
        number=4,
        description="t1_se_tra",
        image_type=("ORIGINAL", "PRIMARY", "M"),
        scanning_sequence=("SE",),
        sequence_variant=("SP",),
        acquisition_type="2D",
        repetition_ms=550.0,
        echo_ms=12.0,
        inversion_ms=None,
        flip_degrees=90.0,
        thickness_mm=4.0,
        order=SliceOrder.INTERLEAVED,
    )
