"""A metric that cannot be called is refused by one sentence that says why."""

import pytest

from perbatch.errors import UserError
from perbatch.runs.check import checked


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("margin", "must be MODULE.FUNCTION"),
        ("no_such_module.mean", "No module named 'no_such_module'"),
        ("json.dumps", "is not below"),
        ("perbatch.overrides.mean", "has no function 'mean'"),
        ("perbatch.runs.identity.FORMAT", "has no function 'FORMAT'"),
        ("perbatch.overrides.typed", "it must take (network, theta, train, validation)"),
    ],
)
def test_what_is_no_metric_is_refused_before_anything_starts(composed, name: str, why: str) -> None:
    with pytest.raises(UserError) as caught:
        checked(composed(f"metric={name}"))
    assert str(caught.value).startswith(f"metric={name}: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
