"""What the caller may choose about an analysis."""

from dataclasses import dataclass

MINIMUM_LESION_ML = 0.05  # 50 voxels of 1 mm; a few misread voxels are no lesion


@dataclass(frozen=True, slots=True)
class Options:
    """Choices for one run; they stand in its findings.

    Attributes
    ----------
    minimum_lesion_ml : float
        Smaller lesions are listed and counted, but get no diameters.
    """

    minimum_lesion_ml: float = MINIMUM_LESION_ML

    def stated(self) -> tuple[tuple[str, str], ...]:
        """Give names and values as they stand in the findings."""
        return (("minimum_lesion_ml", f"{self.minimum_lesion_ml:g}"),)
