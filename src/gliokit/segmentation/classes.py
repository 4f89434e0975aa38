"""The classes of the papers of 2012-2018, and our labels.

They tell necrosis, edema, non-enhancing and enhancing tumor apart. Label maps of 2017 and later
join necrosis and non-enhancing tumor: then class 3 stays empty in training, and a network that
answers with it is read as core. A cavity has no class in them: it is background to learn from.

Source: Menze et al., IEEE TMI 2015;34:1993-2024, doi:10.1109/TMI.2014.2377694.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import Label

CLASSES = 5  # background, necrosis, edema, non-enhancing tumor, enhancing tumor
NON_ENHANCING = 3

# by label: the class; by class: the label
_CLASS_OF = np.array([0, 1, 2, 4, 0], dtype=np.uint8)
_LABEL_OF = np.array(
    [Label.BACKGROUND, Label.NECROTIC_CORE, Label.EDEMA, Label.NECROTIC_CORE, Label.ENHANCING],
    dtype=np.uint8,
)


def classes_of(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn labels of any shape to classes."""
    return _CLASS_OF[labels]


def labels_of_classes(classes: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Turn classes of any shape to labels."""
    return _LABEL_OF[classes]
