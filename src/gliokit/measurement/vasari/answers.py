"""What may be answered to each feature of VASARI, in the lexicon's words.

Answers are exchanged by their text, never by number: programs number them differently, and some
give a number of the lexicon to another place of the brain. `indeterminate` is a reader's answer;
a program that cannot tell says nothing (`gliokit.measurement.vasari.scores`).

Source: the VASARI template of AIM on ClearCanvas (National Cancer Institute), read as source in a
public index; RadElement set RDES221 (ACR and RSNA).
"""

from enum import StrEnum

INDETERMINATE = "indeterminate"
NOT_APPLICABLE = "not applicable"


class Location(StrEnum):
    """Where the geographic center lies."""

    FRONTAL = "frontal lobe"
    TEMPORAL = "temporal lobe"
    INSULAR = "insula"
    PARIETAL = "parietal lobe"
    OCCIPITAL = "occipital lobe"
    BRAINSTEM = "brainstem"
    CEREBELLUM = "cerebellum"
    BASAL_GANGLIA = "basal ganglia"
    THALAMUS = "thalamus"
    CORPUS_CALLOSUM = "corpus callosum"


class TumorSide(StrEnum):
    """Side of the center, wherever the tumor reaches."""

    RIGHT = "right"
    CENTER = "center/bilateral"
    LEFT = "left"


class Eloquence(StrEnum):
    """Eloquent brain that is involved."""

    NONE = "no eloquent brain"
    SPEECH_MOTOR = "speech motor"
    SPEECH_RECEPTIVE = "speech receptive"
    MOTOR = "motor"
    VISION = "vision"


class EnhancementQuality(StrEnum):
    """How much contrast is taken up."""

    NONE = "none"
    MILD = "minimal/mild"
    MARKED = "marked/avid"
    INDETERMINATE = INDETERMINATE


class Proportion(StrEnum):
    """A share, in the bins of the lexicon."""

    NOT_APPLICABLE = NOT_APPLICABLE
    NONE = "none (0%)"
    BELOW_5 = "<5%"
    TO_33 = "6-33%"
    TO_67 = "34-67%"
    TO_95 = "68-95%"
    ABOVE_95 = ">95%"
    ALL = "all (100%)"
    INDETERMINATE = INDETERMINATE


class Presence(StrEnum):
    """Whether a sign is there."""

    NO = "no"
    YES = "yes"
    INDETERMINATE = INDETERMINATE


class Focality(StrEnum):
    """How many tumors, and how far apart."""

    FOCAL = "focal"
    MULTIFOCAL = "multifocal"
    MULTICENTRIC = "multicentric"
    GLIOMATOSIS = "gliomatosis"
    INDETERMINATE = INDETERMINATE


class EnvelopeRatio(StrEnum):
    """Size of the abnormality on T1 before contrast against that on FLAIR."""

    NOT_APPLICABLE = "not applicable (no FLAIR)"
    EXPANSIVE = "expansive (T1~FLAIR)"
    MIXED = "mixed (T1<FLAIR)"
    INFILTRATIVE = "infiltrative (T1<<FLAIR)"
    INDETERMINATE = INDETERMINATE


class RimThickness(StrEnum):
    """Thickness of most of the enhancing margin."""

    NOT_APPLICABLE = NOT_APPLICABLE
    NONE = "none"
    THIN = "thin (<3 mm)"
    THICK = "thick/nodular (>=3 mm)"
    SOLID = "solid (no rim)"
    INDETERMINATE = INDETERMINATE


class MarginDefinition(StrEnum):
    """Whether most of a margin can be traced."""

    NOT_APPLICABLE = NOT_APPLICABLE
    WELL = "well-defined"
    POOR = "poorly-defined"
    INDETERMINATE = INDETERMINATE


class Crossing(StrEnum):
    """Whether a tissue reaches the other hemisphere through white matter."""

    NOT_APPLICABLE = NOT_APPLICABLE
    NO = "no"
    YES = "yes"
    INDETERMINATE = INDETERMINATE


class Diffusion(StrEnum):
    """Diffusion of most of the tumor."""

    NO_IMAGE = "no image"
    FACILITATED = "facilitated"
    RESTRICTED = "restricted"
    MIXED = "mixed"
    INDETERMINATE = INDETERMINATE


class DeepWhiteMatter(StrEnum):
    """Deep white matter that is invaded."""

    NONE = "none"
    INTERNAL_CAPSULE = "internal capsule"
    CORPUS_CALLOSUM = "corpus callosum"
    BRAINSTEM = "brainstem"
    INDETERMINATE = INDETERMINATE
