"""What WHO 2021 allows, for the tests of who is drawn."""

from collections.abc import Callable

import pytest

from gliokit.core.vocabulary import Codeletion, IDHStatus
from gliokit.phantom.patients.genotype import Genotype

GRADES = {
    (IDHStatus.WILDTYPE, Codeletion.INTACT): (4,),
    (IDHStatus.MUTANT, Codeletion.INTACT): (2, 3, 4),
    (IDHStatus.MUTANT, Codeletion.CODELETED): (2, 3),
}


@pytest.fixture(scope="session")
def is_allowed() -> Callable[[Genotype], bool]:
    """Tell whether an adult diffuse glioma may have this IDH, 1p/19q and grade."""
    return lambda genotype: genotype.grade in GRADES.get((genotype.idh, genotype.codel_1p19q), ())
