"""Every system of survival by name. To add one: write its file, add its line."""

from gliokit.prognosis.dempsey2005 import Dempsey2005
from gliokit.prognosis.gutman2013 import Gutman2013
from gliokit.prognosis.system import PrognosticSystem

SYSTEMS: dict[str, type[PrognosticSystem]] = {
    "dempsey2005": Dempsey2005,
    "gutman2013": Gutman2013,
}
