"""VASARI of one study: its tissue is found, and every feature scored or said why not."""

from collections.abc import Mapping
from dataclasses import dataclass

from gliokit.analysis.feature_input import brain_on_labels
from gliokit.core.errors import GeometryError, ImageError, NotAssessableError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study, check_labels_grid
from gliokit.core.vocabulary import Side
from gliokit.measurement.vasari.anatomy import Anatomy, anatomy_of
from gliokit.measurement.vasari.evidence import Evidence
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.score import score_vasari
from gliokit.measurement.vasari.scores import Score
from gliokit.preprocessing.tissue import find_tissues


@dataclass(frozen=True, slots=True)
class Beside:
    """What may be known beside a study and its labels.

    Attributes
    ----------
    adc, head : Image or None
        Diffusion map; T1 before contrast with the skull; both on the grid of the labels.
    dominant_side : Side or None
        Hemisphere of speech.
    before_surgery : tuple of Study and LabelMap, or None
        The visit before the operation.
    """

    adc: Image | None = None
    head: Image | None = None
    dominant_side: Side | None = None
    before_surgery: tuple[Study, LabelMap] | None = None


NOTHING_ELSE = Beside()


@dataclass(frozen=True, slots=True)
class VasariScores:
    """The answer for one study.

    Attributes
    ----------
    scores : mapping of FeatureId to Score
        All 30.
    notices : tuple of str
        What could not be found, and why.
    """

    scores: Mapping[FeatureId, Score]
    notices: tuple[str, ...] = ()


def score_study(study: Study, labels: LabelMap, *, beside: Beside = NOTHING_ELSE) -> VasariScores:
    """Score a study.

    Parameters
    ----------
    study : Study
        Any sequences; those on other grids than the labels are registered.
    labels : LabelMap
        On the grid of the reference image.
    beside : Beside
        What else is known.

    Raises
    ------
    GeometryError
        If something lies on another grid than the labels.
    NotAssessableError
        If the study shows no brain.
    """
    for image in filter(None, (beside.adc, beside.head)):
        if difference := labels.grid.difference(image.grid):
            raise GeometryError(
                f"grids of {labels.source} and {image.source} differ: {difference}; resample the "
                "image to the labels"
            )
    evidence, notices = _evidence(study, labels)
    before = None
    if beside.before_surgery:
        before, earlier = _evidence(*beside.before_surgery)
        notices += [f"before surgery: {text}" for text in earlier]
    whole = Evidence(
        labels=evidence.labels,
        images=evidence.images,
        brain=evidence.brain,
        anatomy=evidence.anatomy,
        adc=beside.adc,
        head=beside.head,
        dominant_side=beside.dominant_side,
        before_surgery=before,
    )
    return VasariScores(score_vasari(whole), tuple(notices))


def _evidence(study: Study, labels: LabelMap) -> tuple[Evidence, list[str]]:
    check_labels_grid(study, labels)
    placed, brain, said = brain_on_labels(study, labels)
    notices = list(said)
    anatomy: Anatomy | None = None
    try:
        anatomy = anatomy_of(find_tissues(placed, brain=brain, tumor=labels.array > 0))
    except (NotAssessableError, ImageError) as error:
        notices.append(f"ventricles, halves and lobes are not known: {error}")
    return Evidence(labels, placed.images, brain, anatomy), notices
