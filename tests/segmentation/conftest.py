"""Simulated patients that every published system is tried on."""

import pytest

from gliokit.core.cohort import Cohort
from gliokit.phantom.cohort import CohortSettings
from gliokit.phantom.in_memory import cohort_in_memory


@pytest.fixture(scope="session")
def tiny_cohort() -> Cohort:
    """Give pre-operative studies of 64 voxels a side, one of each of four patients."""
    return cohort_in_memory(CohortSettings(patients=4, tiny=True, core_ml=40.0))
