"""The 30 features of VASARI: what each asks, and what may be answered.

Questions are the lexicon's in short words; answers are its own (`answers`). `verified` tells
whether question and answers were read in the source that is named, or are from memory.

CET is tumor that enhances, nCET tumor that does not (and is no edema). The whole abnormality is
CET, nCET, necrosis and edema together. RadElement grades the two margins in five steps; here they
have the two of the lexicon's own forms.

Source: of the features, The Cancer Imaging Archive, VASARI Research Project (not readable here);
as it was taken over, see `Source`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gliokit.evaluation.agreement import Level
from gliokit.measurement.vasari.answers import (
    Crossing,
    DeepWhiteMatter,
    Diffusion,
    Eloquence,
    EnhancementQuality,
    EnvelopeRatio,
    Focality,
    Location,
    MarginDefinition,
    Presence,
    Proportion,
    RimThickness,
    TumorSide,
)


class FeatureId(StrEnum):
    """Number of a feature in the lexicon."""

    LOCATION = "F1"
    SIDE = "F2"
    ELOQUENT = "F3"
    ENHANCEMENT_QUALITY = "F4"
    PROPORTION_ENHANCING = "F5"
    PROPORTION_NCET = "F6"
    PROPORTION_NECROSIS = "F7"
    CYSTS = "F8"
    FOCALITY = "F9"
    ENVELOPE_RATIO = "F10"
    RIM_THICKNESS = "F11"
    ENHANCING_MARGIN = "F12"
    NONENHANCING_MARGIN = "F13"
    PROPORTION_EDEMA = "F14"
    EDEMA_CROSSES = "F15"
    HEMORRHAGE = "F16"
    DIFFUSION = "F17"
    PIAL_INVASION = "F18"
    EPENDYMAL_INVASION = "F19"
    CORTICAL_INVOLVEMENT = "F20"
    DEEP_WHITE_MATTER = "F21"
    NCET_CROSSES = "F22"
    CET_CROSSES = "F23"
    SATELLITES = "F24"
    CALVARIAL_REMODELING = "F25"
    RESECTION_ENHANCING = "F26"
    RESECTION_NCET = "F27"
    RESECTION_EDEMA = "F28"
    LONG_AXIS = "F29"
    SHORT_AXIS = "F30"


class Kind(StrEnum):
    """What an answer is."""

    ONE = "one answer"
    SEVERAL = "one answer or more"
    LENGTH = "length in mm"


class Source(StrEnum):
    """Where question and answers come from."""

    TEMPLATE = "VASARI template of AIM on ClearCanvas (NCI)"
    RADELEMENT = "RadElement RDES221"
    MEMORY = "VASARI Research Project of TCIA, from memory"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of the lexicon.

    Attributes
    ----------
    id : FeatureId
        Its number.
    title, question : str
        The lexicon's title; what it asks, in short words.
    kind : Kind
        What an answer is.
    answers : enum or None
        What may be answered; None for a length.
    level : Level
        What differences between answers mean.
    source : Source
        Where question and answers come from.
    """

    id: FeatureId
    title: str
    question: str
    kind: Kind
    answers: type[StrEnum] | None
    level: Level
    source: Source

    @property
    def verified(self) -> bool:
        """Whether question and answers were read in the source."""
        return self.source is not Source.MEMORY

    @property
    def compared(self) -> tuple[StrEnum, ...]:
        """Answers that say something of the tumor, in their order; the others count as missing."""
        silent = {"NOT_APPLICABLE", "INDETERMINATE", "NO_IMAGE"}
        return tuple(answer for answer in self.answers or () if answer.name not in silent)


def _choice(
    number: FeatureId,
    title: str,
    question: str,
    answers: type[StrEnum],
    level: Level = Level.NOMINAL,
    source: Source = Source.TEMPLATE,
) -> Feature:
    return Feature(number, title, question, Kind.ONE, answers, level, source)


def _several(number: FeatureId, title: str, question: str, answers: type[StrEnum]) -> Feature:
    return Feature(number, title, question, Kind.SEVERAL, answers, Level.NOMINAL, Source.TEMPLATE)


def _share(
    number: FeatureId, title: str, question: str, source: Source = Source.TEMPLATE
) -> Feature:
    return _choice(number, title, question, Proportion, Level.ORDINAL, source)


def _length(number: FeatureId, title: str, question: str) -> Feature:
    return Feature(number, title, question, Kind.LENGTH, None, Level.INTERVAL, Source.RADELEMENT)


def _by_id(features: Iterable[Feature]) -> MappingProxyType[FeatureId, Feature]:
    return MappingProxyType({feature.id: feature for feature in features})


FEATURES: MappingProxyType[FeatureId, Feature] = _by_id(
    (
        _choice(
            FeatureId.LOCATION,
            "Tumor Location",
            "Where is the geographic center of the largest component, CET or nCET?",
            Location,
        ),
        _choice(
            FeatureId.SIDE,
            "Side of Tumor Center",
            "On which side is the center, irrespective of whether the tumor crosses?",
            TumorSide,
        ),
        _several(
            FeatureId.ELOQUENT,
            "Eloquent Brain",
            "Which eloquent cortex, or white matter just under it, does CET or nCET involve?",
            Eloquence,
        ),
        _choice(
            FeatureId.ENHANCEMENT_QUALITY,
            "Enhancement Quality",
            "How much brighter is all or part of the tumor after contrast? Mild: barely"
            " discernible; marked: obvious.",
            EnhancementQuality,
            Level.ORDINAL,
        ),
        _share(
            FeatureId.PROPORTION_ENHANCING,
            "Proportion Enhancing",
            "What share of the whole abnormality enhances?",
        ),
        _share(
            FeatureId.PROPORTION_NCET,
            "Proportion nCET",
            "What share of the whole abnormality is nCET: bright on T2 but less than fluid, dark on"
            " T1, with mass effect and blurred gray and white, not edema?",
        ),
        _share(
            FeatureId.PROPORTION_NECROSIS,
            "Proportion Necrosis",
            "What share of the whole abnormality is necrosis: hardly or not enhancing, bright on"
            " T2, dark on T1, of irregular border?",
        ),
        _choice(
            FeatureId.CYSTS,
            "Cysts",
            "Are there cysts: well-defined, round, like fluid on T2 and T1, with a very thin,"
            " smooth wall?",
            Presence,
        ),
        _choice(
            FeatureId.FOCALITY,
            "Multifocal or Multicentric",
            "Is there tumor outside the abnormality of the dominant mass? Multifocal: spread by an"
            " established route; multicentric: widely apart, in other lobes or hemispheres;"
            " gliomatosis: most of a hemisphere's white matter.",
            Focality,
        ),
        _choice(
            FeatureId.ENVELOPE_RATIO,
            "T1/FLAIR Ratio",
            "How large is the abnormality on T1 before contrast against that on FLAIR (T2 without"
            " FLAIR)? Mixed: moderately less; infiltrative: much smaller.",
            EnvelopeRatio,
            Level.ORDINAL,
        ),
        _choice(
            FeatureId.RIM_THICKNESS,
            "Thickness of the Enhancing Margin",
            "Is most of the enhancing rim thin and regular, or thick or nodular; or is there solid"
            " enhancement and no rim?",
            RimThickness,
        ),
        _choice(
            FeatureId.ENHANCING_MARGIN,
            "Definition of the Enhancing Margin",
            "Can most of the outside of the enhancement be traced easily?",
            MarginDefinition,
        ),
        _choice(
            FeatureId.NONENHANCING_MARGIN,
            "Definition of the Non-Enhancing Margin",
            "Is most of the outside of nCET well-defined and smooth, or ill-defined and irregular?",
            MarginDefinition,
        ),
        _share(
            FeatureId.PROPORTION_EDEMA,
            "Proportion of Edema",
            "What share of the whole abnormality is vasogenic edema: brighter than nCET, a little"
            " darker than fluid?",
        ),
        _choice(
            FeatureId.EDEMA_CROSSES,
            "Edema Crosses Midline",
            "Does edema reach the other hemisphere through commissures (not by herniation)?",
            Crossing,
            source=Source.MEMORY,
        ),
        _choice(
            FeatureId.HEMORRHAGE,
            "Hemorrhage",
            "Are there foci within the tumor that are dark on T2 or bright on T1?",
            Presence,
        ),
        _choice(
            FeatureId.DIFFUSION,
            "Diffusion",
            "Is diffusion in CET (without CET, in nCET) mostly facilitated or restricted, by ADC?",
            Diffusion,
        ),
        _choice(
            FeatureId.PIAL_INVASION,
            "Pial Invasion",
            "Does the overlying pia enhance in continuity with tumor?",
            Presence,
        ),
        _choice(
            FeatureId.EPENDYMAL_INVASION,
            "Ependymal Extension",
            "Does tumor extend to an ependymal surface in continuity?",
            Presence,
        ),
        _choice(
            FeatureId.CORTICAL_INVOLVEMENT,
            "Cortical Involvement",
            "Does tumor extend to the cortex, or is cortex no longer distinguishable from it?",
            Presence,
        ),
        _several(
            FeatureId.DEEP_WHITE_MATTER,
            "Deep WM Invasion",
            "Into which of these does CET or nCET extend?",
            DeepWhiteMatter,
        ),
        _choice(
            FeatureId.NCET_CROSSES,
            "nCET Crosses Midline",
            "Does nCET reach the other hemisphere through commissures (not by herniation)?",
            Crossing,
        ),
        _choice(
            FeatureId.CET_CROSSES,
            "Enhancing Tumor Crosses Midline",
            "Does CET reach the other hemisphere through commissures (not by herniation)?",
            Crossing,
        ),
        _choice(
            FeatureId.SATELLITES,
            "Satellites",
            "Is there enhancement within the abnormality around the dominant mass, nowhere"
            " contiguous with it?",
            Presence,
        ),
        _choice(
            FeatureId.CALVARIAL_REMODELING,
            "Calvarial Remodeling",
            "Is the inner table of the skull eroded?",
            Presence,
        ),
        _share(
            FeatureId.RESECTION_ENHANCING,
            "Extent of Resection of Enhancing Tumor",
            "What share of CET was removed?",
            Source.MEMORY,
        ),
        _share(
            FeatureId.RESECTION_NCET,
            "Extent of Resection of nCET",
            "What share of nCET was removed?",
            Source.MEMORY,
        ),
        _share(
            FeatureId.RESECTION_EDEMA,
            "Extent of Resection of Vasogenic Edema",
            "What share of edema was removed?",
            Source.MEMORY,
        ),
        _length(
            FeatureId.LONG_AXIS,
            "Lesion Size, Long Axis",
            "How long is the longest diameter of the whole abnormality on the axial slice where it"
            " is largest?",
        ),
        _length(
            FeatureId.SHORT_AXIS,
            "Lesion Size, Perpendicular",
            "How long is its perpendicular on the same slice?",
        ),
    )
)
