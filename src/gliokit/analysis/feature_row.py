"""The features of one row of a cohort, and how they are kept for the next run.

What a study gave is a JSON file with a stamp: of the sizes and times of its files, of the settings
and the version. Another stamp is another result. Unknown numbers are `null`.
"""

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gliokit.analysis.cohort_facts import files_sha256
from gliokit.analysis.feature_input import Described, ready_to_describe
from gliokit.analysis.feature_maps import read_maps
from gliokit.analysis.output import write_whole
from gliokit.analysis.reasons import without_paths
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import ImageError
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Map
from gliokit.features.robustness import describe_changed
from gliokit.features.study_features import LeftOut, describe_study, named, part_mask
from gliokit.features.study_settings import StudySettings, settings_record
from gliokit.preprocessing.bias_field import BiasField, corrected_study
from gliokit.radiomics.perturbation import Perturbation, Strengths, draw_perturbation


@dataclass(frozen=True, slots=True)
class FeatureRun:
    """What is asked of every study.

    Attributes
    ----------
    settings : StudySettings
        What is computed.
    repeats : int
        How often each region is described again, changed a little; 0 not at all.
    strengths : Strengths
        Of the changes.
    seed : int
        Of the changes.
    """

    settings: StudySettings = field(default_factory=StudySettings)
    repeats: int = 0
    strengths: Strengths = field(default_factory=Strengths)
    seed: int = 0

    def record(self) -> dict[str, object]:
        """Give it as JSON can hold it."""
        changes = {"repeats": self.repeats, "strengths": asdict(self.strengths), "seed": self.seed}
        return {"settings": settings_record(self.settings), "changes": changes}


@dataclass(frozen=True, slots=True)
class StudyAnswer:
    """What became of one study.

    Attributes
    ----------
    study_id : str
        The table's.
    values : mapping of str to float
        Its row; empty if it failed.
    left_out : tuple of LeftOut
        What has no numbers.
    repeats : mapping of str to sequence of float
        Features of the changed regions, one value a change.
    reused : bool
        Whether it stood there already.
    reason, exit_code
        Why it failed.
    """

    study_id: str
    values: Mapping[str, float] = field(repr=False, default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    repeats: Mapping[str, Sequence[float]] = field(repr=False, default_factory=dict)
    reused: bool = False
    reason: str = ""
    exit_code: int = 0


def describe_row(cohort: Cohort, row: Row, run: FeatureRun) -> StudyAnswer:
    """Describe the study of one row.

    Raises
    ------
    GliokitError
        If images or labels cannot be used.
    """
    labels = cohort.load_labels(row)
    needs_tissue = run.settings.location or Map.DSC in row.cells
    ready = ready_to_describe(cohort.load(row), labels, tissue=needs_tissue)
    if run.settings.bias_field is BiasField.N4:
        tumor = labels.array > 0
        study = corrected_study(ready.study, ready.anatomy.brain, exclude=tumor)
        ready = replace(ready, study=study)
    maps, unread = read_maps(
        row,
        labels.grid,
        brain=ready.anatomy.brain,
        tumor=labels.array > 0,
        white=ready.white,
    )
    found = describe_study(
        ready.study, labels, settings=run.settings, anatomy=ready.anatomy, maps=maps
    )
    notes = (labels.note,) if labels.note else ()
    said = [LeftOut("", "", text) for text in (*notes, *ready.notices)]
    said += [LeftOut("", name, text) for name, text in unread.items()]
    left_out = tuple(
        LeftOut(one.part, one.image, without_paths(one.reason, row))
        for one in (*said, *found.left_out)
    )
    repeats = _repeat(ready, labels, run) if run.repeats else {}
    return StudyAnswer(row.study_id, found.values, left_out, repeats)


def draw_changes(run: FeatureRun, study_id: str) -> list[Perturbation]:
    """Draw the changes of a study; they depend on nothing but the seed and its id."""
    rng = np.random.default_rng([run.seed, zlib.crc32(study_id.encode())])
    return [draw_perturbation(run.strengths, rng) for _ in range(run.repeats)]


def run_stamp(run: FeatureRun, row: Row) -> str:
    """Hash everything that the result of a row depends on."""
    content = [version("gliokit"), files_sha256([row]), run.record()]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_answer(path: Path, stamp: str) -> StudyAnswer | None:
    """Read what a study gave, if it is whole and of this stamp."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if record.get("stamp") != stamp:
        return None
    return StudyAnswer(
        path.stem,
        {name: _number(value) for name, value in record["values"].items()},
        tuple(LeftOut(**one) for one in record["left_out"]),
        {name: [_number(v) for v in values] for name, values in record["repeats"].items()},
        reused=True,
    )


def write_answer(path: Path, answer: StudyAnswer, stamp: str) -> None:
    """Keep what a study gave."""
    record = {
        "stamp": stamp,
        "values": {name: _cell(value) for name, value in answer.values.items()},
        "left_out": [asdict(one) for one in answer.left_out],
        "repeats": {name: [_cell(v) for v in values] for name, values in answer.repeats.items()},
    }
    write_whole(path, json.dumps(record, allow_nan=False) + "\n")


def _repeat(ready: Described, labels: LabelMap, run: FeatureRun) -> dict[str, list[float]]:
    """Describe every part in every image again, the same changes in all images."""
    changes = draw_changes(run, ready.study.study_id)
    masks = {part: part_mask(labels.array, part) for part in run.settings.parts}
    there = {part: mask for part, mask in masks.items() if mask.any()}
    repeats: dict[str, list[float]] = {}
    for sequence, image in ready.study.images.items():
        try:
            found = describe_changed(
                image, there, changes, settings=run.settings, brain=ready.anatomy.brain
            )
        except ImageError:
            continue  # its features are left out already, with the reason
        for part, each in found.items():
            rows = [named(one, part, sequence) for one in each]
            for name in dict.fromkeys(name for row in rows for name in row):
                repeats[name] = [row.get(name, math.nan) for row in rows]
    return repeats


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _cell(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
