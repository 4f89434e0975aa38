"""Labels that the caller brings, in the place of a segmenter.

An edited map is measured and reported by the same path as one that a model made. The images
need not be skull-stripped; where they are not, the midline, and so the side of a lesion, is
that of the scanned field.
"""

from gliokit.core.errors import GeometryError
from gliokit.core.findings import Notice
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.preprocessing.brain import stripped_brain
from gliokit.segmentation.default import Segmentation


class GivenLabels:
    """Answers every study with one label map.

    Attributes
    ----------
    model : None
        No model made the labels.
    threads : int
        One: nobody says how many there may be.
    """

    model = None
    threads = 1

    def __init__(self, labels: LabelMap) -> None:
        self.labels = labels

    def predict(self, study: Study) -> Segmentation:
        """Give the labels as they are.

        Raises
        ------
        GeometryError
            If the labels do not lie on the grid of the study.
        """
        reference = study.reference
        if difference := reference.grid.difference(self.labels.grid):
            raise GeometryError(
                f"grids of {reference.source} and {self.labels.source} differ: {difference}; "
                "draw the labels on that image, or resample them to it"
            )
        notices = [Notice("given-labels", "The labels were given by the user, not by a model.")]
        if note := self.labels.note:
            notices.append(Notice("label-convention", f"{note[0].upper()}{note[1:]}."))
        brain = stripped_brain([image.array for image in study.images.values()])
        return Segmentation(self.labels, brain, tuple(notices))
