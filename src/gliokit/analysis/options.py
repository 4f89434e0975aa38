"""What the caller may choose about an analysis."""

from dataclasses import dataclass

from gliokit.core.vocabulary import Phase
from gliokit.preprocessing.bias_field import BiasField

MINIMUM_LESION_ML = 0.05  # 50 voxels of 1 mm; a few misread voxels are no lesion
PROBABILITIES_WRITTEN = ("probabilities", "yes")  # as it stands in the findings
# what concerns a model alone: it changes nothing where a person gave the labels
OF_THE_MODEL = frozenset({"phase", "probabilities", "bias_field"})


@dataclass(frozen=True, slots=True)
class Options:
    """Choices for one run; they stand in its findings.

    Attributes
    ----------
    minimum_lesion_ml : float
        Smaller lesions are listed and counted, but get no diameters.
    probabilities : bool
        Write a map of probabilities per region beside the segmentation.
    bias_field : BiasField
        What is done about the coil's brightness before a model outlines the tumor.
    """

    minimum_lesion_ml: float = MINIMUM_LESION_ML
    probabilities: bool = False
    bias_field: BiasField = BiasField.NONE

    def stated(self, phase: Phase) -> tuple[tuple[str, str], ...]:
        """Give names and values as they stand in the findings of a study of this phase."""
        corrected = self.bias_field is not BiasField.NONE
        return (
            ("minimum_lesion_ml", f"{self.minimum_lesion_ml:g}"),
            ("phase", phase),
            PROBABILITIES_WRITTEN if self.probabilities else ("probabilities", "no"),
            *((("bias_field", str(self.bias_field)),) if corrected else ()),
        )
