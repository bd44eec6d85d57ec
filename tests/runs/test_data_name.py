"""What a data set is called in MLflow, in the registry and in the report."""

import pytest

from perbatch.runs.run import data_name, experiment_name


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("data/iris.csv", "table", "iris"),
        ("/elsewhere/My trees, 2024.parquet", "table", "My-trees-2024"),
        ("folder/of/images/", "images", "images"),
        ("data/digits.csv", "table", "digits-table"),  # conf/data/digits.yaml is another set
        ("letters", "images", "letters-images"),
        ("...", "arrays", "arrays"),
    ],
)
def test_a_users_file_gives_its_name(path: str, kind: str, name: str) -> None:
    assert data_name({"name": kind, "reader": {"path": path}}) == name


def test_two_files_have_two_experiments_and_a_named_one_goes_first() -> None:
    def config(path: str, experiment: str | None = None) -> dict[str, object]:
        return {"tracking": {"experiment": experiment}, "data": {"name": "table", "reader": {"path": path}}}

    assert experiment_name(config("a.csv")) != experiment_name(config("b.csv"))
    assert experiment_name(config("a.csv", "mine")) == "mine"


def test_a_set_that_is_no_file_is_called_as_its_option() -> None:
    assert (
        data_name({"name": "digits", "reader": {"_target_": "perbatch.data.readers.digits.read"}}) == "digits"
    )
