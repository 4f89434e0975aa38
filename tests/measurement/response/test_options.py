"""What a trial leaves open, within its limits."""

import pytest

from gliokit.core.errors import SettingsError
from gliokit.measurement.response.options import Options


@pytest.mark.parametrize("value", [-1.0, float("nan")])
@pytest.mark.parametrize(
    "name", ["physiologic_mg_per_day", "dose_tolerance_mg_per_day", "decline_lasts_days"]
)
def test_a_dose_or_a_time_below_zero_or_none_at_all_is_refused(name, value):
    with pytest.raises(SettingsError, match=f"setting {name}: found .*; needed 0 or more"):
        Options(**{name: value})
