"""Patients in numbers, drawn without images."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from gliokit.prognosis.followed import Description, Followed
from gliokit.prognosis.size import LESIONS, MEASURABLE, SizeMeasure


@pytest.fixture
def follow_all() -> Callable[..., list[Followed]]:
    """Draw follow-up of patients whose numbers are given, by the log hazard of each."""

    def draw(
        values: Sequence[dict[str, float]], log_hazard: NDArray[np.float64], *, seed: int
    ) -> list[Followed]:
        rng = np.random.default_rng(seed)
        death = rng.exponential(400 * np.exp(-log_hazard)) + 1
        lost = rng.exponential(2500, len(values)) + 1
        days, died = np.minimum(death, lost), death <= lost
        return [
            Followed(f"P{n}", f"P{n}", Description(own), float(days[n]), bool(died[n]))
            for n, own in enumerate(values)
        ]

    return draw


def irregular_sizes(number: int, rng: np.random.Generator) -> list[dict[str, float]]:
    """Draw sizes of tumors whose shape is irregular: diameters know their volume with an error.

    A sphere of volume V has the diameter (6 V / pi)^(1/3); elongation and satellites multiply
    diameters and products by what has nothing to do with the volume.
    """
    volume = np.exp(rng.normal(2.5, 0.9, number))  # mL
    sphere = (6000 * volume / np.pi) ** (1 / 3)  # mm
    shape = np.exp(rng.normal(0, 0.5, number))
    across = np.exp(rng.normal(0, 0.5, number))
    return [
        {
            SizeMeasure.DIAMETER: float(sphere[n] * shape[n]),
            SizeMeasure.PRODUCT: float(sphere[n] ** 2 * shape[n] * across[n]),
            SizeMeasure.VOLUME: float(volume[n]),
            LESIONS: 1.0,
            MEASURABLE: 1.0,
        }
        for n in range(number)
    ]


@pytest.fixture
def draw_sizes() -> Callable[[int, np.random.Generator], list[dict[str, float]]]:
    """Give `irregular_sizes`."""
    return irregular_sizes
