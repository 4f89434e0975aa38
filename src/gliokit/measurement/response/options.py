"""How a course is to be judged: what the criterion leaves to the trial."""

import math
from dataclasses import dataclass, field

from gliokit.core.errors import SettingsError
from gliokit.measurement.response.criterion import Baseline, Criterion
from gliokit.measurement.response.readings import Readings
from gliokit.measurement.response.vocabulary import Component


@dataclass(frozen=True, slots=True)
class Options:
    """Choices for one run.

    Attributes
    ----------
    component : Component or None
        What is followed; None takes the usual one of the criterion.
    baseline : Baseline or int
        A rule, or the day of the visit.
    strict_baseline : bool
        Whether a baseline outside the window of its rule is refused.
    confirm_responses : bool
        Whether a response is preliminary until a second visit.
    physiologic_mg_per_day : float
        Dexamethasone up to which a patient counts as off steroids. Complete response allows a
        physiologic dose, but no criterion gives its number: by default it is none at all.
    dose_tolerance_mg_per_day : float
        Doses that differ by no more are the same; no criterion gives a number either.
    decline_lasts_days : int
        Days that a decline of the Karnofsky status must last to count: a week after RANO 2010
        (from memory), which the other criteria borrow with its figures; 0 asks for none.
    readings : Readings
        Where a clause can be read in two ways.

    Raises
    ------
    SettingsError
        If a dose or a time is no number from 0 on.
    """

    component: Component | None = None
    baseline: Baseline | int = Baseline.BY_CRITERION
    strict_baseline: bool = field(default=False, kw_only=True)
    confirm_responses: bool = field(default=True, kw_only=True)
    physiologic_mg_per_day: float = field(default=0.0, kw_only=True)
    dose_tolerance_mg_per_day: float = field(default=0.0, kw_only=True)
    decline_lasts_days: int = field(default=7, kw_only=True)
    readings: Readings = field(default=Readings(), kw_only=True)

    def __post_init__(self) -> None:
        for name in ("physiologic_mg_per_day", "dose_tolerance_mg_per_day", "decline_lasts_days"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise SettingsError(f"setting {name}: found {value:g}; needed 0 or more")

    def component_of(self, criterion: Criterion) -> Component:
        """Give the component to follow.

        Raises
        ------
        SettingsError
            If the criterion does not follow it.
        """
        if self.component is None:
            return criterion.components[0]
        if self.component not in criterion.components:
            raise SettingsError(
                f"{criterion.name} does not follow {self.component} tumor; choose one of "
                f"{', '.join(criterion.components)}, or another criterion"
            )
        return self.component
