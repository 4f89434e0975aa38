"""What every published system must do, whatever its task; a new one inherits all of it.

Each is trained once at its smallest size on a few simulated patients; systems of survival on more,
with a ball for a tumor. At that size it need not be good: these tests are about honesty and
persistence.
"""

import subprocess
import sys
from dataclasses import is_dataclass, replace

import numpy as np
import pytest

from gliokit.analysis.systems import SYSTEMS
from gliokit.bundles.bundle import read_bundle
from gliokit.bundles.trained import Trained, load_trained, save_trained
from gliokit.core.cohort import Cohort, check_rows
from gliokit.core.errors import BundleError, CohortError, MissingSequenceError
from gliokit.core.image import Image, LabelMap, region_mask
from gliokit.core.settings import as_mapping, changed
from gliokit.core.study import Study
from gliokit.core.system import Prediction, Task, TrainingRun
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.matching import matched_p_value
from gliokit.evaluation.overlap import dice
from gliokit.evaluation.survival import harrell_c
from gliokit.phantom.cohort import CohortSettings
from gliokit.phantom.in_memory import cohort_in_memory
from gliokit.prognosis.known_study import known

pytestmark = pytest.mark.xdist_group("systems")  # what is set up once serves all of them

CHANCE = 0.02  # of honest systems that fail by bad luck; four of five leaked answers are rarer
TRAINED = Trained(patients=4, studies=4, cohort_sha256="0" * 64, seed=0, simulated=True)


TEACHERS = {Task.SEGMENTATION: 4, Task.SURVIVAL: 20}  # patients that a system learns from


@pytest.fixture(scope="module")
def scanned():
    return cohort_in_memory(CohortSettings(patients=10, tiny=True, core_ml=40.0, seed=5))


@pytest.fixture(scope="module")
def survivors():
    return drawn_survivors(24, seed=3)


@pytest.fixture(scope="module", params=SYSTEMS.values(), ids=SYSTEMS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def cohort(kind, request):
    of_survival = kind.card.task is Task.SURVIVAL
    return request.getfixturevalue("survivors" if of_survival else "scanned")


@pytest.fixture(scope="module")
def teaching(kind, cohort):
    return first(cohort, TEACHERS[kind.card.task])


@pytest.fixture(scope="module")
def null_cohort(scanned):
    """Labels that say nothing of the images: balls at a place drawn for each patient."""
    return replace(scanned, load_labels=lambda row: ball_anywhere(scanned, row))


@pytest.fixture(scope="module")
def fitted(kind, teaching):
    return kind(kind.TINY).fit(teaching)


def drawn_survivors(number: int, *, seed: int) -> Cohort:
    """Draw round tumors of which the larger kill earlier, in a brain of coarse voxels."""
    rng = np.random.default_rng(seed)
    grid = np.moveaxis(np.indices((30, 34, 28)), 0, -1)
    brain = np.linalg.norm((grid - [14.5, 16.5, 13.5]) / [13, 15, 12], axis=-1) < 1
    radius = np.linalg.norm(grid - [10, 16, 14], axis=-1)
    affine = np.diag([5.0, 5.0, 5.0, 1.0])
    table, sizes = [], rng.uniform(2.2, 6.0, number)
    for place, size in enumerate(sizes):
        age = rng.uniform(30, 80)
        death = rng.exponential(600 * np.exp(-1.2 * (size - 4) - 0.02 * (age - 55)))
        table.append(
            {
                "patient_id": f"P{place}",
                "age": f"{age:.0f}",
                "kps": str(rng.choice([70, 80, 90])),
                "grade": "4",
                "os_days": f"{min(death, 2000) + 1:.0f}",
                "os_event": str(int(death < 2000)),
                "t1c": "drawn",
                "labels": "drawn",
            }
        )

    def load(row):
        noise = np.random.default_rng(row.number).normal(0, 5, brain.shape)
        image = np.where(brain, 100 + noise, 0).astype(np.float32)
        image[radius < sizes[row.number - 2]] += 80
        return Study(row.study_id, {MRSequence.T1C: Image(image, affine)})

    def load_labels(row):
        size = sizes[row.number - 2]
        rings = [radius < size / 2, radius < size, radius < size + 1.5]
        return LabelMap(np.select(rings, [1, 3, 2], default=0).astype(np.uint8), affine)

    return known(Cohort(check_rows(table, source="drawn"), load, load_labels))


def first(cohort: Cohort, number: int) -> Cohort:
    return cohort.only({row.study_id for row in cohort.rows[:number]})


def last(cohort: Cohort, number: int) -> Cohort:
    return cohort.only({row.study_id for row in cohort.rows[-number:]})


def ball_anywhere(cohort, row):
    """Nested balls deep in any brain: not even their outline knows this one."""
    grid = cohort.load(row).reference.grid
    rng = np.random.default_rng([7, row.number])
    center = np.array(grid.shape) / 2 + rng.uniform(-5, 5, 3)
    distance = np.linalg.norm(np.moveaxis(np.indices(grid.shape), 0, -1) - center, axis=-1)
    labels = np.select([distance < 4, distance < 7, distance < 9], [1, 3, 2], default=0)
    return LabelMap(labels.astype(np.uint8), grid.affine)


def test_the_card_is_complete(kind):
    card = kind.card
    assert SYSTEMS[card.name] is kind
    for text in (card.title, card.question, card.source, card.cohort):
        assert text.strip()
    assert card.sequences
    for figure in card.figures:
        assert figure.quantity
        assert figure.cohort
        assert figure.level
    if "our own" not in card.source:
        assert "doi" in card.source.lower()
        assert card.figures
        assert card.assumed


def test_settings_are_a_record_that_can_be_written_and_read(kind):
    for settings in (kind.Settings(), kind.TINY):
        assert is_dataclass(settings)
        assert type(settings) is kind.Settings
        assert changed(kind.Settings(), as_mapping(settings)) == settings


def test_the_constructor_only_stores(kind):
    run = TrainingRun(seed=3)
    system = kind(kind.TINY, run=run)
    assert system.settings is kind.TINY
    assert system.run is run
    assert kind().settings == kind.Settings()


def test_its_answer_is_of_its_task(fitted, cohort):
    study = cohort.load(cohort.rows[-1])
    prediction = fitted.predict(study)
    assert isinstance(prediction, Prediction)
    assert prediction.study_id == study.study_id
    if fitted.card.task is Task.SURVIVAL:
        assert prediction.interval[0] <= prediction.value <= prediction.interval[1]
        alive = list(prediction.probabilities.values())
        assert alive == sorted(alive, reverse=True)
        assert all(0 < share < 1 for share in alive)
        return
    assert fitted.card.task is Task.SEGMENTATION  # other tasks: their own answer
    assert study.reference.grid.difference(prediction.labels.grid) is None
    assert prediction.labels.array.dtype == np.uint8
    assert set(np.unique(prediction.labels.array)) <= {0, 1, 2, 3, 4}


def same_answer(one, other, study) -> bool:
    """Tell whether two systems answer alike, to the last bit."""
    first, second = one.predict(study), other.predict(study)
    if first.labels is not None:
        return np.array_equal(first.labels.array, second.labels.array)
    return first == second


def test_it_answers_the_same_after_saving_and_loading(fitted, cohort, tmp_path):
    save_trained(fitted, tmp_path / "model", TRAINED)
    loaded = load_trained(tmp_path / "model", SYSTEMS)
    assert type(loaded) is type(fitted)
    assert loaded.settings == fitted.settings
    assert same_answer(fitted, loaded, cohort.load(cohort.rows[-1]))


def test_no_pickle_lies_in_its_bundle(fitted, tmp_path):
    save_trained(fitted, tmp_path / "model", TRAINED)
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    allowed = {".safetensors", ".json", ".xml", ".bin", ".skops"}
    assert {path.suffix for path in files} <= allowed
    assert not any(path.read_bytes().startswith(b"\x80") for path in files)
    assert any("simulated" in line for line in read_bundle(tmp_path / "model").card.training)


def test_altered_weights_are_refused(fitted, tmp_path):
    save_trained(fitted, tmp_path / "model", TRAINED)
    weights = max((tmp_path / "model").iterdir(), key=lambda path: path.stat().st_size)
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(BundleError, match="damaged or altered"):
        load_trained(tmp_path / "model", SYSTEMS)


def test_the_same_seed_learns_the_same(fitted, kind, cohort, teaching):
    again = kind(kind.TINY).fit(teaching)
    assert same_answer(fitted, again, cohort.load(cohort.rows[-1]))


def test_a_cohort_without_its_fields_is_refused_by_name(kind, cohort):
    for column in kind.card.fields:
        rows = [
            replace(row, cells={c: v for c, v in row.cells.items() if c != column})
            for row in cohort.rows
        ]
        with pytest.raises(CohortError, match=f"{kind.card.name} needs the column {column}"):
            kind(kind.TINY).fit(replace(cohort, rows=rows))


def test_a_study_without_its_sequence_is_refused_by_name(fitted, cohort):
    study = cohort.load(cohort.rows[-1])
    needed = fitted.card.sequences
    without = {s: image for s, image in study.images.items() if s is not needed[-1]}
    if not fitted.card.any_subset:
        with pytest.raises(MissingSequenceError, match=f"no {needed[-1]} image"):
            fitted.predict(replace(study, images=without))
    else:
        assert fitted.predict(replace(study, images=without)).labels is not None


@pytest.mark.slow
def test_on_a_null_cohort_it_is_at_chance(kind, request):
    if kind.card.task is Task.SURVIVAL:
        strangers = with_outcomes_of_others(drawn_survivors(48, seed=4), seed=1)
        system = kind(kind.TINY).fit(first(strangers, 24))
        assert null_p_value_of_hazards(system, last(strangers, 24)) > CHANCE
        return
    null_cohort = request.getfixturevalue("null_cohort")
    system = kind(kind.TINY).fit(first(null_cohort, 5))
    assert null_p_value(system, last(null_cohort, 5)) > CHANCE


def test_hazards_that_were_learnt_are_not_at_chance():
    patients, kind = drawn_survivors(40, seed=3), SYSTEMS["dempsey2005"]
    system = kind(kind.TINY).fit(first(patients, 20))
    assert null_p_value_of_hazards(system, last(patients, 20)) <= CHANCE


def with_outcomes_of_others(cohort: Cohort, *, seed: int) -> Cohort:
    """Give every patient what became of another."""
    donors = np.random.default_rng(seed).permutation(len(cohort))
    outcome = ("os_days", "os_event")
    rows = [
        replace(row, cells={**row.cells, **{c: cohort.rows[d].cells[c] for c in outcome}})
        for row, d in zip(cohort.rows, donors, strict=True)
    ]
    return replace(cohort, rows=rows)


def null_p_value_of_hazards(system, cohort: Cohort) -> float:
    """Chance that hazards order patients as well as they do, if they know nothing."""
    risk = np.array([system.predict(cohort.load(row)).value for row in cohort.rows])
    days = [row.number_of("os_days") for row in cohort.rows]
    died = [row.number_of("os_event") for row in cohort.rows]
    rng, found = np.random.default_rng(0), harrell_c(days, died, risk)
    by_chance = [harrell_c(days, died, rng.permutation(risk)) for _ in range(499)]
    return (1 + np.count_nonzero(np.array(by_chance) >= found)) / 500


def test_a_system_made_leaky_on_purpose_is_not_at_chance(null_cohort):
    tested = last(null_cohort, 5)

    class Leaky:
        """Has seen the answers, all but one."""

        def predict(self, study):
            row = next(row for row in tested.rows if row.study_id == study.study_id)
            other = tested.rows[1] if row is tested.rows[0] else row
            return Prediction(study.study_id, labels=tested.load_labels(other))

    assert null_p_value(Leaky(), tested) <= CHANCE


def null_p_value(system, cohort: Cohort) -> float:
    """Chance that predictions fit their own studies as well as they do, if they know nothing."""
    whole = Region.WHOLE_TUMOR
    references = [region_mask(cohort.load_labels(r).array, whole) for r in cohort.rows]
    predictions = [
        region_mask(system.predict(cohort.load(row)).labels.array, whole) for row in cohort.rows
    ]
    scores = [[dice(reference, own) for reference in references] for own in predictions]
    return matched_p_value(scores, seed=0)


def test_cards_can_be_read_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from gliokit.analysis.systems import SYSTEMS\n"
        "print(*(system.card.title for system in SYSTEMS.values()), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert len(done.stdout.splitlines()) == len(SYSTEMS)
