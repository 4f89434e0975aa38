"""Tumor size in one, two or three dimensions as a predictor of survival, by Cox models.

One outline gives all three sizes of the enhancing tumor (`gliokit.prognosis.size`); each enters a
Cox model alone and beside age, performance and grade (`gliokit.prognosis.size_comparison`). The
system itself answers with one of them, the volume unless the settings say otherwise.

Limits: a tumor that does not enhance has no size here, and gets no answer. The authors studied
recurrence before chemotherapy; before surgery size says less, since most of it is taken out.

Source: Dempsey et al., AJNR Am J Neuroradiol 2005;26:770-6 (no DOI); the abstract was read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path
from typing import ClassVar, Self

from gliokit.core.cohort import Cohort
from gliokit.core.errors import CohortError, NotAssessableError
from gliokit.core.study import Study
from gliokit.core.system import (
    Prediction,
    PublishedFigure,
    SystemCard,
    Task,
    TrainingRun,
    check_fields,
)
from gliokit.core.vocabulary import MRSequence
from gliokit.prognosis.followed import DAYS, EVENT, Description, Followed, followed_patients
from gliokit.prognosis.hazard_table import (
    PENALTY,
    fit_hazard,
    read_hazard,
    warn_left_out,
    write_hazard,
)
from gliokit.prognosis.known_study import FACTS, Fact, Outline, facts_of, outline_of
from gliokit.prognosis.size import (
    Scale,
    SizeMeasure,
    SizeSettings,
    covariate,
    describe_size,
    scaled,
)
from gliokit.prognosis.system import Prognosis, StudyTable, prognosis_of

CARD = SystemCard(
    name="dempsey2005",
    title="size in one, two and three dimensions in Cox models side by side",
    task=Task.SURVIVAL,
    question="Does the size of an enhancing tumor tell how long a patient will live, and must it "
    "be a volume for that?",
    sequences=(MRSequence.T1C,),
    fields=(DAYS, EVENT),
    source="Dempsey et al., AJNR Am J Neuroradiol 2005;26:770-6 (no DOI)",
    cohort="70 patients with recurrent malignant glioma before intravenous chemotherapy",
    figures=(
        PublishedFigure(
            "measures of three that were associated with survival, alone and beside others",
            1,
            "70 patients with recurrent malignant glioma",
            "patient",
            "the volume; the abstract gives no hazard ratio, no interval and no p value, and that "
            "two tests were not significant does not show that the three differ",
        ),
    ),
    assumed=(
        "labels of the cohort's table outline the tumor; --set outline=default lets gliokit do it",
        "diameters cross the necrotic core, the volume holds enhancing tumor only",
        "lengths and products are summed over the five largest lesions",
        "sizes enter as doublings, since they are skewed",
        "covariates beside the size: age, Karnofsky performance, grade, each as a number",
        "five deaths or more for each covariate",
    ),
    departures=(
        "a weak penalty keeps coefficients finite; the tests of the study are without",
        "lesions that are not measurable are measured all the same, and counted",
        "C-index of patients held out, and the paired difference of two measures, stand beside "
        "the tests: a test that fails shows no difference",
    ),
    caveats=(
        "A tumor without enhancement has no size here and gets no answer.",
        "Some ten deaths are needed for each covariate; below, hazard ratios are unsure.",
        "Before surgery, size says less than what of the tumor is left.",
    ),
)


@dataclass(frozen=True, slots=True)
class Dempsey2005Settings:
    """What is measured and what enters the model.

    Attributes
    ----------
    measure : SizeMeasure
        With which size the system answers.
    scale : Scale
        How it enters; of doublings the hazard ratio is per doubling.
    covariates : tuple of Fact
        Beside the size; without any the model is univariate.
    penalty : float
        Of the model's squared coefficients, per deviation; 0 for none, as in the paper.
    horizons_days : tuple of float
        When the probability to be alive is told.
    outline : Outline
        `labels` of the table, or `default` for gliokit's own.
    size : SizeSettings
        How the tumor is measured.
    """

    measure: SizeMeasure = SizeMeasure.VOLUME
    scale: Scale = Scale.DOUBLINGS
    covariates: tuple[Fact, ...] = FACTS
    penalty: float = PENALTY
    horizons_days: tuple[float, ...] = (182.0, 365.0, 730.0)
    outline: Outline = Outline.GIVEN
    size: SizeSettings = field(default_factory=SizeSettings)


class Dempsey2005:
    """Cox model of one size and clinical facts.

    Parameters
    ----------
    settings : Dempsey2005Settings
        What is measured and enters.
    run : TrainingRun
        Not needed: nothing is drawn, and a fit takes no time.

    Attributes
    ----------
    hazard_ : HazardTable
        The fitted model.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[Dempsey2005Settings]] = Dempsey2005Settings
    TINY: ClassVar[Dempsey2005Settings] = Dempsey2005Settings(covariates=(Fact.AGE,))

    def __init__(
        self,
        settings: Dempsey2005Settings = Dempsey2005Settings(),
        *,
        run: TrainingRun = TrainingRun(),
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn from the first study of every patient; nothing is chosen by other patients."""
        check_fields(cohort, CARD)
        patients = followed_patients(cohort, lambda row, studies: self.describe(studies.load(row)))
        asked = (self._name, *self.settings.covariates)
        self.learn(patients)
        warn_left_out(self.hazard_, asked, patients=len(patients))
        return self

    def predict(self, study: Study) -> Prediction:
        """Answer for one study; its labels and facts are those of a `KnownStudy`."""
        return self.answer(study.study_id, self.describe(study)).prediction

    def describe(self, study: Study) -> Description:
        """Measure the tumor; keep the facts."""
        _ = study[MRSequence.T1C]  # enhancement is nothing that another sequence could show
        labels = outline_of(study, self.settings.outline)
        found = describe_size(labels, self.settings.size)
        return Description({**found.values, **facts_of(study)}, found.unknown)

    def learn(self, patients: Sequence[Followed]) -> Self:
        """Fit the model on those whose tumor has a size."""
        own = self.settings
        entered = [
            replace(patient, description=self._entered(patient.description)) for patient in patients
        ]
        sized = [patient for patient in entered if self._name in patient.description.values]
        if not sized:
            raise CohortError(
                f"system {CARD.name}: none of {len(patients)} patients has a tumor that enhances; "
                "choose a system that does without"
            )
        self.hazard_ = fit_hazard(sized, (self._name, *own.covariates), penalty=own.penalty)
        return self

    def answer(self, study_id: str, description: Description) -> Prognosis:
        """Answer for a study that was measured."""
        entered = self._entered(description)
        if self._name not in entered.values:
            raise NotAssessableError(
                f"study {study_id}: nothing enhances, so the tumor has no size here; needed is "
                "enhancing tumor in the outline: choose a system that does without"
            )
        own = self.settings
        asked = (self._name, *own.covariates)
        return prognosis_of(
            study_id, entered, self.hazard_, horizons_days=own.horizons_days, asked=asked
        )

    def study_tables(
        self, patients: Sequence[Followed], *, seed: int, resamples: int
    ) -> tuple[StudyTable, ...]:
        """Set the three sizes side by side."""
        # loaded here: a card is read without
        from gliokit.prognosis.size_comparison import comparison_tables

        own = self.settings
        return comparison_tables(
            patients,
            covariates=own.covariates,
            scale=own.scale,
            seed=seed,
            resamples=resamples,
        )

    def write_weights(self, folder: Path) -> None:
        """Write the model."""
        write_hazard(folder, self.hazard_)

    def read_weights(self, folder: Path) -> Self:
        """Read the model."""
        self.hazard_ = read_hazard(folder)
        return self

    @property
    def _name(self) -> str:
        return covariate(self.settings.measure, self.settings.scale)

    def _entered(self, description: Description) -> Description:
        """Add the size as it enters the model, where it has one."""
        size = scaled(description.values, self.settings.measure, self.settings.scale)
        if isnan(size):
            return description
        return Description({**description.values, self._name: size}, description.unknown)
