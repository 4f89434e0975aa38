"""A texture of the patient's own: it identifies the patient and means nothing.

The same faint pattern of waves lies in every sequence and at every visit. A method that is
scored on slices of patients it has trained on can know them by it; scored on new patients
it cannot. So it exposes leaks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WAVES = 3
SHORTEST_MM, LONGEST_MM = 12.0, 25.0  # tiny studies, of 3.5 mm, show them too
STRENGTH = 0.05  # standard deviation of the signal at a dial of 1, as a fraction of it


@dataclass(frozen=True, slots=True)
class Signature:
    """Waves of one patient.

    Attributes
    ----------
    per_mm : tuple of (x, y, z)
        Wave vectors in radians per mm.
    phases : tuple of float
        In radians.
    strength : float
        Standard deviation of the factor on the signal.
    """

    per_mm: tuple[tuple[float, float, float], ...]
    phases: tuple[float, ...]
    strength: float


def draw_signature(rng: np.random.Generator, *, dial: float) -> Signature:
    """Draw a patient's waves; at a dial of 0 their strength is 0."""
    vectors = rng.standard_normal((WAVES, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors *= (2 * np.pi / rng.uniform(SHORTEST_MM, LONGEST_MM, WAVES))[:, None]
    phases = rng.uniform(0, 2 * np.pi, WAVES)
    return Signature(
        tuple((float(x), float(y), float(z)) for x, y, z in vectors),
        tuple(phases.tolist()),
        STRENGTH * dial,
    )


def texture(
    signature: Signature, shape: tuple[int, ...], *, spacing_mm: float
) -> NDArray[np.float32] | None:
    """Give the factor on the signal, (X, Y, Z), mean 1; None where it would be 1 throughout."""
    if signature.strength <= 0:
        return None
    total = np.zeros(shape, dtype=np.float32)
    for vector, phase in zip(signature.per_mm, signature.phases, strict=True):
        # cos(a + b + c) as the real part of a product: one row of numbers per axis
        x, y, z = (
            np.exp(1j * k * np.arange(n) * spacing_mm).astype(np.complex64)
            for k, n in zip(vector, shape, strict=True)
        )
        plane = np.multiply.outer(x * np.exp(1j * np.float32(phase)), y)
        total += np.multiply.outer(plane.real, z.real) - np.multiply.outer(plane.imag, z.imag)
    return 1 + np.float32(signature.strength * np.sqrt(2 / WAVES)) * total
