"""Whether a contrast agent was there when the T1c was scanned.

Vessels, choroid plexus and leaky tumor brighten; nothing darkens. So among voxels alike on T1,
the brightest on T1c stand further above the median than the darkest lie below it. Another gain,
coil or contrast curve, noise, and a small misregistration between the two leave both tails
alike, or lengthen the lower one. The figure is the difference of the tails, with the brightness
of the surroundings as 1.

Limits of evidence: docs/quality.md. A brain without enhancing tumor and with few vessels in view
may be called doubtful.
"""

import numpy as np
from scipy import ndimage

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.judgment import MEASURED, Question
from gliokit.preprocessing.quality.sampled import Array, Sampled

DEPTH = 3  # voxels below the brain's surface
LEVELS = 20  # of T1, each with as many voxels
TAIL = 0.3  # percent
FEWEST = 5000  # voxels

AGENT = Question("contrast-agent", Limit(0.05, None, "1", MEASURED))


def check_agent(sampled: Sampled) -> QualityCheck:
    """Check T1c against T1, both of one grid."""
    deep = ndimage.binary_erosion(sampled.inside, iterations=DEPTH)
    if np.count_nonzero(deep) < FEWEST:
        return AGENT.unanswered("The images show too little brain.", sequence=MRSequence.T1C)
    before, after = (sampled.flat(s)[deep] for s in (MRSequence.T1, MRSequence.T1C))
    return AGENT.judge(
        brightening(before, after),
        sequence=MRSequence.T1C,
        fine="Against T1, vessels or tumor are brightened.",
        doubtful="Against T1, hardly anything is brightened: there may have been no contrast "
        "agent, and enhancing tumor would not be seen.",
    )


def brightening(before: Array, after: Array) -> float:
    """Upper less lower tail of `after` (n,) among voxels alike in `before` (n,)."""
    edges = np.quantile(before, np.linspace(0, 1, LEVELS + 1)[1:-1])
    level = np.searchsorted(edges, before)
    excess = after.astype(np.float64)
    for number in np.unique(level):
        alike = level == number
        excess[alike] -= np.median(excess[alike])
    return float(np.percentile(excess, 100 - TAIL) + np.percentile(excess, TAIL))
