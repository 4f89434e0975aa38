"""Every segmentation system by name. To add one: write its file, add its line."""

from gliokit.core.system import System
from gliokit.segmentation.chen2018 import Chen2018
from gliokit.segmentation.havaei2017 import Havaei2017
from gliokit.segmentation.rao2015 import Rao2015
from gliokit.segmentation.trained_default import Default
from gliokit.segmentation.yi2016 import Yi2016

SYSTEMS: dict[str, type[System]] = {
    "rao2015": Rao2015,
    "yi2016": Yi2016,
    "havaei2017": Havaei2017,
    "chen2018": Chen2018,
    "default": Default,
}
