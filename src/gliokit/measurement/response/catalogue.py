"""Every criterion by name. To add one: write its file, add its line."""

from types import MappingProxyType

from gliokit.core.errors import SettingsError
from gliokit.measurement.response.criterion import Criterion
from gliokit.measurement.response.irano2015 import IRANO_2015
from gliokit.measurement.response.macdonald1990 import MACDONALD_1990
from gliokit.measurement.response.mrano2017 import MRANO_2017
from gliokit.measurement.response.rano2_2023 import RANO2_2023
from gliokit.measurement.response.rano_hgg2010 import RANO_HGG_2010
from gliokit.measurement.response.rano_lgg2011 import RANO_LGG_2011
from gliokit.measurement.response.volumetric import by_volume

_BY_AREA = (MACDONALD_1990, RANO_HGG_2010, RANO_LGG_2011, IRANO_2015, MRANO_2017, RANO2_2023)
CRITERIA: MappingProxyType[str, Criterion] = MappingProxyType(
    {
        criterion.name: criterion
        for criterion in (*_BY_AREA, *(by_volume(criterion) for criterion in _BY_AREA))
    }
)


def find_criterion(name: str) -> Criterion:
    """Give a criterion by its name.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    try:
        return CRITERIA[name]
    except KeyError:
        raise SettingsError(
            f"there is no criterion {name!r}; choose one of {', '.join(CRITERIA)}"
        ) from None
