"""What every estimator must do: scikit-learn's own checks."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from gliokit.features.harmonization import ComBat
from gliokit.features.imputation import RegionImputer
from gliokit.features.selection import RedundancySelector, StabilitySelector, UnivariateSelector

ESTIMATORS = [
    ComBat(unknown="leave"),  # the checks ask for rows of other sites
    RegionImputer(),
    RedundancySelector(),
    StabilitySelector(draws=10),
    UnivariateSelector(),
]
CANNOT_HOLD = {
    ComBat: {"check_estimators_pickle": "writes NaN into every column, and a site must be known"}
}


@parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=lambda estimator: CANNOT_HOLD.get(type(estimator), {})
)
def test_estimator(estimator, check):
    check(estimator)
