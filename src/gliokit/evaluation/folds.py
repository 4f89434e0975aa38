"""Which patients teach, which say when to stop, and which judge.

The patient is the unit: all studies of one stand on one side of a fold. Strata are dealt around
the folds, so that folds differ by at most one patient, over all and in every stratum, however few
there are. A patient whose studies differ in their stratum forms one with others who differ so.
The same rows and seed give the same folds, whatever the order of the rows.

Folds are written as text with a hash over what they say: nobody moves a study between sides
unseen. A test side that was looked at cannot be locked again; that is kept by people.

Source: on patients, and on choices made inside the training side: Varma and Simon, BMC
Bioinformatics 2006;7:91, doi:10.1186/1471-2105-7-91.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np

from gliokit.core.cohort import Row
from gliokit.core.errors import FoldError

# a column of the cohort, or what makes a stratum of a row
Stratum: TypeAlias = str | Callable[[Row], str]
SIDES = ("train", "validation", "test")


class FoldKind(StrEnum):
    """How the test sides were chosen."""

    PATIENTS = "patients"
    SITES = "sites"
    EXTERNAL = "external"
    NESTED = "nested"


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of a cohort, as study ids in alphabetical order.

    Attributes
    ----------
    number : int
        From 0; repeated folds count on.
    train, validation, test : tuple of str
        To learn from, to say when to stop and which setting is best, and to judge.
    """

    number: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Folds:
    """All splits of one evaluation.

    Attributes
    ----------
    kind : FoldKind
        How the test sides were chosen.
    seed : int
        Of the draw.
    folds : tuple of Fold
        In the order of their numbers.
    """

    kind: FoldKind
    seed: int
    folds: tuple[Fold, ...]

    @property
    def sha256(self) -> str:
        """Hash over everything that the record says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def patient_folds(
    rows: Sequence[Row],
    *,
    seed: int,
    folds: int = 4,
    repeats: int = 1,
    stratify: Stratum | None = None,
    validation: float = 0.2,
) -> Folds:
    """Split by patient; every study is tested once in each repeat.

    Parameters
    ----------
    rows : sequence of Row
        Of the cohort.
    seed : int
        Of the draw.
    folds, repeats : int
        How many folds, and how often the patients are dealt anew.
    stratify : str or callable
        Column, or row to stratum; an empty cell is a stratum of its own.
    validation : float
        Share of the patients not tested that is set aside; 0 sets none aside, any other share at
        least one patient.

    Raises
    ------
    FoldError
        If there are fewer patients than folds, a fold has no patient left to learn from, or no
        row has the column.
    """
    strata = _strata_in_order(rows, stratify)
    count = sum(map(len, strata))
    if not 2 <= folds <= count or repeats < 1:
        raise FoldError(
            f"{repeats} times {folds} folds of {count} patients; needed: one repeat or "
            "more, two folds or more, and a patient for each"
        )
    made: list[Fold] = []
    for repeat in range(repeats):
        rng = np.random.default_rng([seed, repeat])
        dealt = _shuffle_within_strata(strata, rng)
        for place in rng.permutation(folds):
            test = set(dealt[place::folds])
            rest = [patient for patient in dealt if patient not in test]
            made.append(
                _make_fold(len(made), rows, rest=rest, test=test, share=validation, rng=rng)
            )
    return Folds(FoldKind.PATIENTS, seed, tuple(made))


def site_folds(
    rows: Sequence[Row],
    *,
    seed: int,
    stratify: Stratum | None = None,
    validation: float = 0.2,
    site: str = "site",
) -> Folds:
    """Leave one site out at a time, in alphabetical order.

    Where a patient was seen at several sites, the studies from elsewhere are on no side of the fold
    that tests this site.

    Parameters
    ----------
    rows, seed, stratify, validation
        As for `patient_folds`.
    site : str
        Column that holds what is left out: also a scanner or a year.

    Raises
    ------
    FoldError
        If a row has no site, there are fewer than two, or nobody is left to learn from.
    """
    if lacking := [str(row.number) for row in rows if site not in row.cells]:
        raise FoldError(f"the column {site} is empty in row {', '.join(lacking)}; fill it")
    sites = sorted({row.cells[site] for row in rows})
    if len(sites) < 2:
        raise FoldError(f"found {len(sites)} site in the column {site}; needed two or more")
    strata = _strata_in_order(rows, stratify)
    made: list[Fold] = []
    for number, left_out in enumerate(sites):
        rng = np.random.default_rng([seed, number])
        tested = [row for row in rows if row.cells[site] == left_out]
        seen_there = {row.patient_id for row in tested}
        rest = [p for p in _shuffle_within_strata(strata, rng) if p not in seen_there]
        elsewhere = [row for row in rows if row.patient_id not in seen_there]
        made.append(
            _make_fold(
                number, [*elsewhere, *tested], rest=rest, test=seen_there, share=validation, rng=rng
            )
        )
    return Folds(FoldKind.SITES, seed, tuple(made))


def external_fold(
    rows: Sequence[Row],
    external: Sequence[Row],
    *,
    seed: int,
    stratify: Stratum | None = None,
    validation: float = 0.2,
) -> Folds:
    """Lock a second cohort away as the only test side.

    Parameters
    ----------
    rows, external : sequence of Row
        To learn from, and to judge by once.
    seed, stratify, validation
        As for `patient_folds`.

    Raises
    ------
    FoldError
        If a patient or a study id stands in both cohorts, or one of them is empty.
    """
    by_id, by_patient = patient_of(rows), {row.patient_id: row.study_id for row in rows}
    for row in external:
        if row.study_id in by_id:
            raise FoldError(
                f"study {row.study_id} stands in both cohorts; give every study its own id, and "
                "leave patients of the training cohort out of the external one"
            )
        if row.patient_id in by_patient:
            raise FoldError(
                f"one patient stands in both cohorts: studies {by_patient[row.patient_id]} and "
                f"{row.study_id} (external); leave the patient out of one"
            )
    if not external:
        raise FoldError("the external cohort has no rows; add one per study")
    rng = np.random.default_rng(seed)
    rest = _shuffle_within_strata(_strata_in_order(rows, stratify), rng)
    test = {row.patient_id for row in external}
    fold = _make_fold(0, [*rows, *external], rest=rest, test=test, share=validation, rng=rng)
    return Folds(FoldKind.EXTERNAL, seed, (fold,))


def set_aside(rows: Sequence[Row], share: float, *, seed: int) -> Fold:
    """Set a share of the patients aside for validation; nobody is tested.

    Raises
    ------
    FoldError
        If nobody is left to learn from.
    """
    rng = np.random.default_rng(seed)
    rest = _shuffle_within_strata(_strata_in_order(rows, None), rng)
    return _make_fold(0, rows, rest=rest, test=set(), share=share, rng=rng)


def inner_folds(
    rows: Sequence[Row],
    outer: Fold,
    *,
    seed: int,
    folds: int = 4,
    stratify: Stratum | None = None,
    validation: float = 0.0,
) -> Folds:
    """Split what an outer fold does not test, to choose settings there.

    Parameters
    ----------
    rows : sequence of Row
        Of the whole cohort.
    outer : Fold
        Its training and validation sides are split; its test side is on no side.
    seed, folds, stratify, validation
        As for `patient_folds`.

    Raises
    ------
    FoldError
        As `patient_folds`; or if `outer` keeps a patient on two sides.
    """
    check_apart(outer, patient_of(rows))
    inside = {*outer.train, *outer.validation}
    made = patient_folds(
        [row for row in rows if row.study_id in inside],
        seed=seed,
        folds=folds,
        stratify=stratify,
        validation=validation,
    )
    return Folds(FoldKind.NESTED, seed, made.folds)


def patient_of(rows: Iterable[Row]) -> dict[str, str]:
    """Give the patient of every study id."""
    return {row.study_id: row.patient_id for row in rows}


def check_apart(fold: Fold, patient_of: Mapping[str, str]) -> None:
    """Assert that no patient stands on two sides.

    Parameters
    ----------
    fold : Fold
        As made or read.
    patient_of : mapping of str to str
        Study id to patient, of the cohort that is about to be used.

    Raises
    ------
    FoldError
        Naming the studies of the patient; or the studies that the cohort does not have.
    """
    seen: dict[str, tuple[str, str]] = {}
    for side in SIDES:
        for study in getattr(fold, side):
            if study not in patient_of:
                raise FoldError(
                    f"fold {fold.number} names study {study}, which the cohort does not have; "
                    "use the folds with the cohort they were made for"
                )
            other_study, other_side = seen.setdefault(patient_of[study], (study, side))
            if other_side != side:
                raise FoldError(
                    f"fold {fold.number} has studies of one patient on two sides: {other_study} "
                    f"({other_side}) and {study} ({side}); make the folds anew"
                )


def to_json(folds: Folds) -> str:
    """Write as text, with the hash."""
    return json.dumps({**asdict(folds), "sha256": folds.sha256}, indent=1)


def from_json(text: str) -> Folds:
    """Read what `to_json` wrote.

    Raises
    ------
    FoldError
        If the text is something else, or was altered.
    """
    try:
        record = json.loads(text)
        read = [
            Fold(int(fold["number"]), *(tuple(map(str, fold[side])) for side in SIDES))
            for fold in record["folds"]
        ]
        folds = Folds(FoldKind(record["kind"]), int(record["seed"]), tuple(read))
        written = str(record["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise FoldError(
            f"no folds can be read from this text ({error}); give it as it was written"
        ) from error
    if folds.sha256 != written:
        raise FoldError(
            f"the folds were altered: their hash is {folds.sha256[:12]}, written {written[:12]}; "
            "take the file as it was written, or make the folds anew"
        )
    return folds


def _strata_in_order(rows: Sequence[Row], stratify: Stratum | None) -> list[list[str]]:
    """List the patients of each stratum, both in alphabetical order."""
    if isinstance(stratify, str) and not any(stratify in row.cells for row in rows):
        raise FoldError(f"no row has the column {stratify}; fill it, or stratify by another")
    values: dict[str, set[str]] = {}
    for row in rows:
        values.setdefault(row.patient_id, set()).add(_stratum_of(row, stratify))
    strata: dict[tuple[str, ...], list[str]] = {}
    for patient in sorted(values):
        strata.setdefault(tuple(sorted(values[patient])), []).append(patient)
    return [strata[value] for value in sorted(strata)]


def _stratum_of(row: Row, stratify: Stratum | None) -> str:
    if stratify is None:
        return ""
    return row.cells.get(stratify, "") if isinstance(stratify, str) else stratify(row)


def _shuffle_within_strata(strata: Sequence[Sequence[str]], rng: np.random.Generator) -> list[str]:
    return [stratum[i] for stratum in strata for i in rng.permutation(len(stratum))]


def _make_fold(
    number: int,
    rows: Sequence[Row],
    *,
    rest: Sequence[str],
    test: set[str],
    share: float,
    rng: np.random.Generator,
) -> Fold:
    """Split the patients that are not tested, in the order of their strata, and list studies."""
    if not 0 <= share < 1:
        raise FoldError(f"the share of validation patients must lie in [0, 1), got {share:g}")
    count = max(1, round(share * len(rest))) if share else 0
    if count >= len(rest):
        raise FoldError(
            f"fold {number}: {len(test)} patients are tested and {count} of the other {len(rest)} "
            "set aside, which leaves none to learn from; add patients, or set fewer aside"
        )
    # evenly spaced from a random start: as many of each stratum as its share, rounded
    places = np.floor((np.arange(count) + rng.random()) * (len(rest) / max(count, 1)))
    aside = {rest[int(place)] for place in places}
    train = set(rest) - aside

    def studies(patients: set[str]) -> tuple[str, ...]:
        return tuple(sorted(row.study_id for row in rows if row.patient_id in patients))

    fold = Fold(number, studies(train), studies(aside), studies(test))
    check_apart(fold, patient_of(rows))
    return fold
