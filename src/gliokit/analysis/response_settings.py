"""What is asked of a patient's response."""

from dataclasses import asdict, dataclass, field

from gliokit.analysis.patient_visits import AS_SCANNED, Space
from gliokit.measurement.chords import Ends
from gliokit.measurement.response.options import Options

USUAL_CRITERIA = ("rano2_2023", "rano_hgg2010", "mrano2017", "macdonald1990", "rano2_2023-volume")


@dataclass(frozen=True, slots=True)
class ResponseRun:
    """What is asked.

    Attributes
    ----------
    criteria : tuple of str
        Names in the catalogue; the rules on size of the first are those of the lesions shown.
    options : Options
        Baseline, component, readings.
    minimum_ml : float
        Smaller lesions are not followed, unless they are what is left of one.
    flair_worse : float or None
        Growth of T2/FLAIR disease over the baseline, as a share, from which it counts as
        significantly worse; None leaves that to a reader.
    recurrent : bool
        Whether the treatment that is judged is for recurrent disease.
    treatment_start_day, immunotherapy_start_day : int or None
        On the scale of the visits; None where unknown.
    ends : Ends
        Where diameters end in their last pixels.
    space : Space
        What is known of where voxels lie, and of the numbers of labels.
    """

    criteria: tuple[str, ...] = USUAL_CRITERIA
    options: Options = field(default_factory=Options)
    minimum_ml: float = 0.1
    flair_worse: float | None = None
    recurrent: bool = False
    treatment_start_day: int | None = None
    immunotherapy_start_day: int | None = None
    ends: Ends = Ends.EDGE
    space: Space = AS_SCANNED

    def stated(self) -> dict[str, object]:
        """Give every choice by its name, those of the space among them."""
        chosen = asdict(self)
        return chosen | chosen.pop("space")
