"""What the caller may choose about an analysis."""

from dataclasses import dataclass

from gliokit.core.vocabulary import Phase

MINIMUM_LESION_ML = 0.05  # 50 voxels of 1 mm; a few misread voxels are no lesion
PROBABILITIES_WRITTEN = ("probabilities", "yes")  # as it stands in the findings
# what concerns a model alone: it changes nothing where a person gave the labels
OF_THE_MODEL = frozenset({"phase", "probabilities"})


@dataclass(frozen=True, slots=True)
class Options:
    """Choices for one run; they stand in its findings.

    Attributes
    ----------
    minimum_lesion_ml : float
        Smaller lesions are listed and counted, but get no diameters.
    probabilities : bool
        Write a map of probabilities per region beside the segmentation.
    """

    minimum_lesion_ml: float = MINIMUM_LESION_ML
    probabilities: bool = False

    def stated(self, phase: Phase) -> tuple[tuple[str, str], ...]:
        """Give names and values as they stand in the findings of a study of this phase."""
        return (
            ("minimum_lesion_ml", f"{self.minimum_lesion_ml:g}"),
            ("phase", phase),
            PROBABILITIES_WRITTEN if self.probabilities else ("probabilities", "no"),
        )
