"""VASARI features of a glioblastoma as predictors of survival, and their ties to molecular class.

The study: every feature against survival by a Cox model beside age and performance, and against
molecular classes by Kruskal and Wallis, Fisher, or permuted chi squared; what is called found is
held to a false discovery rate (`gliokit.measurement.vasari.association`). The system: a Cox model
of the facts and of those features that hold the rate among the patients that teach. So features are
chosen anew in each fold; if none holds it, the answer rests on the facts alone, and says so.

Limits: features are scored by rules, which were compared with no reader (`docs/vasari.md`); the
authors' were read by three.

Source: Gutman et al., Radiology 2013;267:560-9, doi:10.1148/radiol.13120118.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from gliokit.core.cohort import Cohort
from gliokit.core.errors import NotAssessableError
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
    usable,
    warn_left_out,
    write_hazard,
)
from gliokit.prognosis.known_study import FACTS, Fact, Outline, facts_of, outline_of
from gliokit.prognosis.system import Prognosis, StudyTable, prognosis_of

_FROM_MEMORY = (
    "hazard ratio of a multivariate model, from memory of the abstract; per unit of the authors' "
    "scale, by readers"
)

CARD = SystemCard(
    name="gutman2013",
    title="VASARI features in a Cox model, chosen under a false discovery rate",
    task=Task.SURVIVAL,
    question="Which features that a radiologist sees go with molecular class and with survival?",
    sequences=(MRSequence.T1C,),
    fields=(DAYS, EVENT),
    source="Gutman et al., Radiology 2013;267:560-9, doi:10.1148/radiol.13120118",
    cohort="75 patients of TCGA-GBM before surgery, read by three neuroradiologists",
    figures=(
        PublishedFigure(
            "hazard ratio, proportion of enhancing tumor",
            8.84,
            "TCGA-GBM, 75 patients",
            "patient",
            f"P = .0253; {_FROM_MEMORY}",
        ),
        PublishedFigure(
            "hazard ratio, longest axis",
            1.02,
            "TCGA-GBM, 75 patients",
            "patient",
            f"P = .00973; {_FROM_MEMORY}",
        ),
    ),
    assumed=(
        "labels of the cohort's table outline the tumor; --set outline=default lets gliokit do it",
        "covariates that stand in every model: age and Karnofsky performance",
        "false discovery rate 0.1, by Benjamini and Hochberg, over the features that can be tested",
        "of those that hold it the strongest enter, as many as leave ten deaths to a covariate",
        "features of more than two unordered answers are tested, and do not enter the model",
    ),
    departures=(
        "a weak penalty keeps coefficients finite; the tests of the study are without",
        "features are scored by rules in place of readers; a form that readers filled is not read "
        "yet",
        "molecular class is IDH, 1p/19q and MGMT status: expression subtypes are not in the table",
        "features are chosen on the patients that teach, never on those tested",
    ),
    caveats=(
        "The authors chose among some 30 features in 75 patients; few such findings held since.",
        "Without --set tissues=true, location and what needs ventricles or lobes have no score.",
        "Label 1 mixes necrosis with tumor that does not enhance: F6 and F7 mostly have no score.",
        "Scores of a tumor before surgery; of a later scan they mean something else.",
    ),
)


@dataclass(frozen=True, slots=True)
class Gutman2013Settings:
    """What is scored and what may enter.

    Attributes
    ----------
    covariates : tuple of Fact
        In every model.
    false_discoveries : float
        Share of what enters that may have entered by chance.
    tissues : bool
        Whether ventricles, halves and lobes are looked for.
    penalty : float
        Of the model's squared coefficients, per deviation; 0 for none, as in the paper.
    horizons_days : tuple of float
        When the probability to be alive is told.
    outline : Outline
        `labels` of the table, or `default` for gliokit's own.
    """

    covariates: tuple[Fact, ...] = (Fact.AGE, Fact.KPS)
    false_discoveries: float = 0.1
    tissues: bool = False
    penalty: float = PENALTY
    horizons_days: tuple[float, ...] = (182.0, 365.0, 730.0)
    outline: Outline = Outline.GIVEN


class Gutman2013:
    """Cox model of facts and of VASARI features that hold a false discovery rate.

    Parameters
    ----------
    settings : Gutman2013Settings
        What is scored and may enter.
    run : TrainingRun
        Not needed: nothing is drawn.

    Attributes
    ----------
    hazard_ : HazardTable
        The fitted model; its names are the facts, then the features that entered.
    """

    card: ClassVar[SystemCard] = CARD
    Settings: ClassVar[type[Gutman2013Settings]] = Gutman2013Settings
    TINY: ClassVar[Gutman2013Settings] = Gutman2013Settings(covariates=(Fact.AGE,))

    def __init__(
        self,
        settings: Gutman2013Settings = Gutman2013Settings(),
        *,
        run: TrainingRun = TrainingRun(),
    ) -> None:
        self.settings = settings
        self.run = run

    def fit(self, cohort: Cohort, validation: Cohort | None = None) -> Self:
        """Learn from the first study of every patient; nothing is chosen by other patients."""
        check_fields(cohort, CARD)
        patients = followed_patients(cohort, lambda row, studies: self.describe(studies.load(row)))
        self.learn(patients)
        warn_left_out(self.hazard_, self.settings.covariates, patients=len(patients))
        return self

    def predict(self, study: Study) -> Prediction:
        """Answer for one study; its labels and facts are those of a `KnownStudy`."""
        return self.answer(study.study_id, self.describe(study)).prediction

    def describe(self, study: Study) -> Description:
        """Score the tumor; keep the facts."""
        # loaded here, and those below where they are needed: a card is read without
        from gliokit.prognosis.vasari_numbers import describe_vasari

        _ = study[MRSequence.T1C]  # half of the lexicon is about enhancement
        labels = outline_of(study, self.settings.outline)
        found = describe_vasari(study, labels, tissues=self.settings.tissues)
        return Description({**found.values, **facts_of(study)}, found.unknown)

    def learn(self, patients: Sequence[Followed]) -> Self:
        """Choose features and fit the model, on these patients alone."""
        from gliokit.prognosis.vasari_associations import features_that_enter

        own = self.settings
        facts = usable(patients, own.covariates)
        features = features_that_enter(patients, facts, rate=own.false_discoveries)
        self.hazard_ = fit_hazard(patients, (*facts, *features), penalty=own.penalty)
        return self

    def answer(self, study_id: str, description: Description) -> Prognosis:
        """Answer for a study that was scored."""
        if not self.hazard_.names:
            raise NotAssessableError(
                f"study {study_id}: no feature held the false discovery rate, and there are no "
                "facts, so patients cannot be told apart; needed are more patients to learn from"
            )
        own = self.settings
        answer = prognosis_of(
            study_id,
            description,
            self.hazard_,
            horizons_days=own.horizons_days,
            asked=own.covariates,
        )
        if set(self.hazard_.names) <= set(FACTS):
            none = "No feature held the false discovery rate: this rests on clinical facts alone."
            answer = replace(answer, notes=(none, *answer.notes))
        return answer

    def study_tables(
        self, patients: Sequence[Followed], *, seed: int, resamples: int
    ) -> tuple[StudyTable, ...]:
        """Test every feature against survival, and against each molecular class there is."""
        from gliokit.prognosis.vasari_associations import association_tables

        facts = usable(patients, self.settings.covariates)
        rate = self.settings.false_discoveries
        return association_tables(patients, facts, rate=rate, seed=seed)

    def write_weights(self, folder: Path) -> None:
        """Write the model."""
        write_hazard(folder, self.hazard_)

    def read_weights(self, folder: Path) -> Self:
        """Read the model."""
        self.hazard_ = read_hazard(folder)
        return self
