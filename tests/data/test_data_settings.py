import re
from typing import Any

import pytest

from perbatch.data import settings_digest
from perbatch.data.settings import check_settings
from perbatch.errors import UserError


@pytest.mark.parametrize("part", ["train", "validation", "test"])
@pytest.mark.parametrize("size", [0, -1, 1.5, 20.0, "20", True, None, [20], float("nan")])
def test_a_bad_size_names_key_value_and_what_is_allowed(
    part: str, size: object, settings: dict[str, Any]
) -> None:
    settings["split"][part] = size
    sentence = f"data.split.{part} is {size!r}; allowed is an integer of at least 1"
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}$"):
        check_settings(settings)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "0", False])
def test_a_bad_seed(seed: object, settings: dict[str, Any]) -> None:
    settings["split"]["seed"] = seed
    with pytest.raises(
        UserError, match=r"^data\.split\.seed is .*; allowed is an integer from 0 to 4294967295$"
    ):
        check_settings(settings)


@pytest.mark.parametrize("scaling", ["minmax", "", None, 1, ["standard"]])
def test_an_unknown_scaling(scaling: object, settings: dict[str, Any]) -> None:
    settings["scaling"] = scaling
    sentence = f"data.scaling is {scaling!r}; allowed are standard, range, none"
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}$"):
        check_settings(settings)


@pytest.mark.parametrize("name", ["../elsewhere", ".hidden", "", "a/b", "two words", None, 3])
def test_a_name_that_is_no_folder_name(name: object, settings: dict[str, Any]) -> None:
    settings["name"] = name
    with pytest.raises(UserError, match=rf"^data\.name is {re.escape(repr(name))}; allowed are letters"):
        check_settings(settings)


def test_missing_and_unknown_keys_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(
        UserError, match=r"^data\.sclaing is not a setting of a data set; allowed are name, reader"
    ):
        check_settings({**settings, "sclaing": "range"})
    with pytest.raises(UserError, match=r"^data\.split\.dev is not a setting"):
        check_settings({**settings, "split": {**settings["split"], "dev": 3}})
    del settings["split"]["seed"]
    with pytest.raises(
        UserError, match=r"^data\.split\.seed is missing; needed are train, validation, test, seed"
    ):
        check_settings(settings)
    with pytest.raises(UserError, match=r"^data\.split is 3; a mapping"):
        check_settings({**settings, "split": 3})
    with pytest.raises(UserError, match=r"^data\.reader is 'read'; a mapping"):
        check_settings({**settings, "reader": "read"})


def test_the_digest_sees_values_and_not_the_order_of_keys(settings: dict[str, Any]) -> None:
    digest = settings_digest(settings)
    assert settings_digest(dict(reversed(settings.items()))) == digest
    assert re.fullmatch("[0-9a-f]{64}", digest)
    settings["reader"]["path"] = "other.csv"
    assert settings_digest(settings) != digest
