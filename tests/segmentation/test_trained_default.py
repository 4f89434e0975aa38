"""The default model as a system: it learns, and `gliokit analyze` runs what it wrote."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.bundles.trained import Trained, load_trained, save_trained
from gliokit.bundles.weights import read_weights
from gliokit.core.cohort import Cohort
from gliokit.core.errors import BundleError, CohortError, NotAssessableError, SettingsError
from gliokit.core.settings import changed
from gliokit.core.system import TrainingRun
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.view import view_of
from gliokit.segmentation.default import load_segmenter
from gliokit.segmentation.default_settings import start_weights
from gliokit.segmentation.trained_default import Default

pytestmark = pytest.mark.xdist_group("trained_default")  # what is set up once serves all of them

pytest.importorskip("torch", reason="torch is in the extra `train`")

TRAINED = Trained(patients=2, studies=2, cohort_sha256="0" * 64, seed=0, simulated=True)


@pytest.fixture(scope="module")
def two(tiny_cohort) -> Cohort:
    return tiny_cohort.only({row.study_id for row in tiny_cohort.rows[:2]})


@pytest.fixture(scope="module")
def one(two) -> Cohort:
    return two.only({two.rows[0].study_id})


@pytest.fixture(scope="module")
def fitted(one, tmp_path_factory) -> Default:
    run = TrainingRun(folder=tmp_path_factory.mktemp("run"))
    return Default(Default.TINY, run=run).fit(one, one)


def test_both_networks_learn(two):
    schedule = {"steps": 60, "learning_rate": 1e-2, "warmup": 2}
    schedule["regularization"] = {"augmentation": 0.0}
    stage = {"widths": [8, 16], "schedule": schedule, "left_out": 0.0, "crops": {"on_tumor": 1.0}}
    settings = changed(Default.TINY, {"coarse": stage, "fine": stage, "scale": 0.0})
    losses = {"coarse": [], "fine": []}
    run = TrainingRun(report=lambda progress: losses[progress.part].append(progress.loss))
    system = Default(settings, run=run).fit(two)
    for own in losses.values():
        assert sum(own[-8:]) < 0.8 * sum(own[:8])
    row = two.rows[1]
    view = view_of(two.load(row))
    whole = turn_to_ras(two.load_labels(row).array, view.affine)[view.box] > 0
    found = (system.segmenter_.look(view).coarse[0] > 0) & view.brain
    assert dice(whole, found) > dice(whole, view.brain) + 0.1


def test_validation_is_scored_and_logged(fitted):
    for part in ("coarse", "fine"):
        last = (fitted.run.folder / part / "log.csv").read_text().splitlines()[-1].split(",")
        assert 0 <= float(last[2]) <= 1


def test_its_bundle_is_one_that_analyze_runs(fitted, two, tmp_path):
    save_trained(fitted, tmp_path / "model", TRAINED)
    segmenter = load_segmenter(tmp_path / "model")
    loaded = load_trained(tmp_path / "model", {"default": Default})
    study = two.load(two.rows[0])
    ours = fitted.predict(study).labels.array
    assert np.array_equal(loaded.predict(study).labels.array, ours)
    segmentation = segmenter.predict(study)
    assert segmenter.model.name == "default"
    assert np.array_equal(segmentation.labels.array, ours)
    assert not segmentation.intervals


def test_nothing_is_dropped_for_being_unsure_where_nobody_knows_how_sure_is_sure(fitted, two):
    segmenter = fitted.segmenter_
    notices = segmenter.predict(two.load(two.rows[0])).notices
    assert not {"unsure-parts-dropped", "tumor-unsure"} & {notice.code for notice in notices}
    assert load_segmenter().calibration.fitted
    assert not segmenter.calibration.fitted


def test_a_start_from_a_shipped_bundle_has_its_weights(one):
    untaught = {"schedule": {"steps": 1, "learning_rate": 0.0}}
    sizes = {
        "start": "default-sim",
        "coarse": untaught | {"widths": [16, 32, 64, 96, 96]},
        "fine": untaught | {"widths": [16, 32, 64, 96]},
    }
    system = Default(changed(Default.TINY, sizes)).fit(one)
    for network in ("coarse", "fine"):
        shipped = read_weights(*start_weights("default-sim", network))
        ours = read_weights(system.folder_ / f"{network}.xml")
        assert ours.keys() == shipped.keys()
        assert all(np.array_equal(ours[n].ravel(), shipped[n].ravel()) for n in shipped)


def test_it_learns_from_a_study_that_lacks_sequences(one):
    study = one.load(one.rows[0])
    images = {s: i for s, i in study.images.items() if s in (MRSequence.T2, MRSequence.T1C)}
    lacking = replace(study, images=images)
    system = Default(Default.TINY).fit(replace(one, load=lambda row: lacking))
    assert system.predict(lacking).labels is not None


def test_a_study_with_neither_flair_nor_t2_is_refused(fitted, two):
    study, row = two.load(two.rows[0]), two.rows[0]
    kept = {s: i for s, i in study.images.items() if s in (MRSequence.T1, MRSequence.T1C)}
    with pytest.raises(NotAssessableError, match="neither flair nor t2"):
        fitted.predict(replace(study, images=kept))
    cells = {column: text for column, text in row.cells.items() if column not in ("flair", "t2")}
    without = replace(two, rows=[replace(row, cells=cells)])
    with pytest.raises(CohortError, match=f"row {row.number} has neither"):
        Default(Default.TINY).fit(without)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"start": "nobody"}, "start: found 'nobody'; needed one of default, default-sim"),
        ({"fine": {"widths": [4] * 5}}, "at most 4 multiples of 4"),
        ({"coarse": {"schedule": {"batch": 2}}}, "use accumulate"),
        ({"fine": {"schedule": {"regularization": {"dropout": 0.5}}}}, "no place for it"),
        ({"fine": {"crops": {"side": [30, 32, 32]}}}, "multiples of 8"),
        ({"coarse": {"widths": [4] * 5, "crops": {"spread": 1}}}, "multiples of 16"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_loaded(setting, message):
    empty = Cohort([], load=lambda row: pytest.fail("loaded"))
    with pytest.raises(SettingsError, match=message):
        Default(changed(Default.TINY, setting)).fit(empty)


def test_a_folder_without_its_networks_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"has no coarse\.xml"):
        Default(Default.TINY).read_weights(tmp_path)
