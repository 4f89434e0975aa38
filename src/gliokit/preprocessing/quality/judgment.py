"""A figure held against its limit: the verdict, and the sentence that goes with it."""

from dataclasses import dataclass

from gliokit.core.findings import Limit, QualityCheck, Quantity, Verdict
from gliokit.core.vocabulary import MRSequence

MEASURED = "measured: between right studies and planted faults, docs/quality.md"


@dataclass(frozen=True, slots=True)
class Question:
    """What a check asks.

    Attributes
    ----------
    code : str
        Stable, such as `slice-spacing`.
    limit : Limit
        What the figure must keep to, in its unit.
    """

    code: str
    limit: Limit

    def judge(
        self, figure: float, *, sequence: MRSequence | None = None, fine: str, doubtful: str
    ) -> QualityCheck:
        """Hold a figure against the limit.

        Parameters
        ----------
        fine, doubtful : str
            The sentence in either case.
        """
        good = self.limit.holds(figure)
        return QualityCheck(
            self.code,
            sequence,
            Quantity(float(figure), self.limit.unit),
            self.limit,
            Verdict.FINE if good else Verdict.DOUBTFUL,
            fine if good else doubtful,
        )

    def unanswered(
        self, why: str, *, sequence: MRSequence | None = None, figure: float | None = None
    ) -> QualityCheck:
        """Say why there is no verdict; with the figure, where it is the figure that says so."""
        quantity = None if figure is None else Quantity(float(figure), self.limit.unit)
        return QualityCheck(self.code, sequence, quantity, self.limit, Verdict.NOT_ASSESSABLE, why)
