"""Whether the images of a study show one head, lie on each other, and none is mirrored.

Each image is compared with the reference. Has it anything in common with it? Does it fit
clearly better some millimeters away? Does its mirror image fit better than itself? The measure
of fit is mutual information. A mirrored study, all images alike, cannot be known from the
pixels: left and right of a brain differ too little.

The limits lie between what untouched and spoiled images of real patients give (docs/quality.md).
Shifts below about 4 mm are not told from the images' own differences.
"""

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.judgment import MEASURED, Question
from gliokit.preprocessing.quality.pose import Place, Points, best_place
from gliokit.preprocessing.quality.sampled import Array

LIKENESS = Question("likeness", Limit(0.05, None, "1", MEASURED))  # nats
REGISTRATION = Question("registration", Limit(0.75, None, "1", MEASURED))
MIRRORED = Question("left-right", Limit(None, 0.9, "1", MEASURED))

NOTHING_IN_COMMON = "It has next to nothing in common with the reference image."
STEPS_MM = (4.0, 4.0, 2.0)
MIRROR_STEPS_MM = (8.0, 4.0, 2.0)
MIRROR_NUMBERS = (0, 4, 5)  # across, and turns about front and head: where the midline may lie


def check_alignment(
    sequence: MRSequence, moving: Array, reference: Array, points: Points
) -> tuple[QualityCheck, ...]:
    """Compare an image (X, Y, Z) with the reference on the same grid: likeness, place, side."""
    own = best_place(reference, moving, points, steps_mm=STEPS_MM)
    mirror = best_place(
        reference,
        moving,
        points,
        steps_mm=MIRROR_STEPS_MM,
        numbers=MIRROR_NUMBERS,
        mirrored=True,
    )
    return (
        LIKENESS.judge(
            own.information,
            sequence=sequence,
            fine=f"It shares {own.information:.2f} nats with the reference image.",
            doubtful=f"It shares only {own.information:.2f} nats with the reference image, as "
            "noise or another head would.",
        ),
        _place(sequence, own),
        _side(sequence, own, mirror),
    )


def _place(sequence: MRSequence, own: Place) -> QualityCheck:
    if not LIKENESS.limit.holds(own.information):
        return REGISTRATION.unanswered(NOTHING_IN_COMMON, sequence=sequence)
    here = own.unmoved / own.information
    return REGISTRATION.judge(
        here,
        sequence=sequence,
        fine=f"It fits the reference image {here:.2f} times as well as at the best place nearby.",
        doubtful=f"It fits the reference image only {here:.2f} times as well as "
        f"{own.moved_mm:.0f} mm away: co-registration has failed, or the patient moved.",
    )


def _side(sequence: MRSequence, own: Place, mirror: Place) -> QualityCheck:
    if not LIKENESS.limit.holds(max(own.information, mirror.information)):
        return MIRRORED.unanswered(NOTHING_IN_COMMON, sequence=sequence)
    turned = mirror.information / own.information
    return MIRRORED.judge(
        turned,
        sequence=sequence,
        fine=f"Its mirror image fits the reference {turned:.2f} times as well as itself.",
        doubtful=f"Its mirror image fits the reference {turned:.2f} times as well as itself: "
        "left and right may be exchanged in it, or in the reference.",
    )


def unpaired(why: str, sequence: MRSequence) -> tuple[QualityCheck, ...]:
    """Say why an image was compared with none."""
    return tuple(
        question.unanswered(why, sequence=sequence)
        for question in (LIKENESS, REGISTRATION, MIRRORED)
    )
