"""Every bad value is one sentence that names the key, the value and what is allowed."""

from pathlib import Path

import pytest

from perbatch.errors import UserError
from perbatch.runs.check import checked
from perbatch.sweep.sentences import sentence

BAD = [
    ("batch_size=0", "at least 1, or full"),
    ("batch_size=-1", "at least 1, or full"),
    ("batch_size=1.5", "at least 1, or full"),
    ("batch_size=abc", "at least 1, or full"),
    ("batch_size=true", "at least 1, or full"),
    ("batch_size=null", "at least 1, or full"),
    ("learning_rate=0", "above 0"),
    ("learning_rate=-1", "above 0"),
    ("learning_rate=nan", "above 0"),
    ("learning_rate=inf", "above 0"),
    ("epochs=0", "at least 1"),
    ("seed=-1", "at least 0"),
    ("micro_batch_size=0", "at least 1, or null"),
    ("stop_at=-1", "above 0, or null"),
    ("evaluation.first=0", "at least 1"),
    ("evaluation.factor=1", "above 1"),
    ("model.hidden=[0]", "whole numbers of at least 1"),
    ("model.activation=swish", "relu"),
    ("model.loss=hinge", "cross_entropy"),
    ("model.output=softmax", "sigmoid"),
    ("model.output=sigmoid", "squared_error"),
    ("model.dtype=float16", "float32"),
    ("repeat.tolerance=-1", "above 0, or null"),
    ("repeat.updates_per_batch=0", "at least 1"),
    ("engine.name=cuda", "numpy"),
]


@pytest.mark.parametrize(("override", "allowed"), BAD)
def test_bad_value(composed, override: str, allowed: str) -> None:
    key, _, value = override.partition("=")
    with pytest.raises(UserError) as caught:
        checked(composed(override))
    message = str(caught.value)
    assert message.startswith(key)
    assert value.capitalize() in message or value in message
    assert allowed in message
    assert "\n" not in message


HYDRA = [
    ("learning_rate=abc", ["learning_rate", "abc", "Float"]),
    ("epochs=abc", ["epochs", "abc", "Integer"]),
    ("seed=1.5", ["seed", "1.5", "Integer"]),
    ("model.hidden=abc", ["model.hidden", "abc"]),
    ("model.bias=perhaps", ["model.bias", "perhaps", "bool"]),
    ("velocity=3", ["velocity", "batch_size", "learning_rate"]),
    ("model.width=3", ["width", "hidden", "activation"]),
    ("data=letters_of_mars", ["letters_of_mars", "digits", "diabetes"]),
    ("repeat=often", ["often", "never", "until_satisfied"]),
    ("experiment=unknown", ["unknown", "seed_example"]),
]


@pytest.mark.parametrize(("override", "parts"), HYDRA)
def test_what_hydra_refuses_is_one_sentence_too(composed, override: str, parts: list[str]) -> None:
    with pytest.raises(Exception) as caught:
        checked(composed(override))
    message = sentence(caught.value)
    assert all(part in message for part in parts), message
    assert "\n" not in message


def test_cross_entropy_needs_classes(composed) -> None:
    with pytest.raises(UserError, match=r"cross_entropy.*diabetes.*squared_error"):
        checked(composed("data=diabetes"))
    checked(composed("data=diabetes", "model=regressor"))


def test_data_that_are_missing_or_others_come_with_the_command(composed, monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.split\.seed.*python pipelines/prepare.py data=digits"):
        checked(composed("data.split.seed=5"))
    monkeypatch.setattr("perbatch.runs.places.PREPARED", tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"no prepared data.*python pipelines/prepare.py data=digits"):
        checked(composed("data.split.seed=6"))


UNREAD = [
    ("+epoch=5", "epoch", "epochs"),
    ("++learning_rat=5", "learning_rat", "learning_rate"),
    ("+model.hiden=[5]", "model.hiden", "model.hidden"),
    ("+hidden=[5]", "hidden", "model.hidden"),
    ("+repeat.tolerence=0.1", "repeat.tolerence", "repeat.tolerance"),
    ("+data.split.training=5", "data.split.training", "data.split.train"),
    ("+tracking.url=x", "tracking.url", "tracking.uri"),
    ("+velocity=5", "velocity", "learning_rate"),
]


@pytest.mark.parametrize(("override", "key", "nearest"), UNREAD)
def test_a_key_that_nothing_reads_is_refused_however_it_was_added(
    composed, override: str, key: str, nearest: str
) -> None:
    """It would give the run another identity, and change nothing."""
    with pytest.raises(UserError) as caught:
        checked(composed(override))
    assert str(caught.value).startswith(f"{key}: there is no such key")
    assert nearest in str(caught.value)


@pytest.mark.parametrize(("override", "key", "nearest"), UNREAD)
def test_hydras_advice_to_append_it_is_not_given(composed, override: str, key: str, nearest: str) -> None:
    with pytest.raises(Exception) as caught:
        composed(override.lstrip("+"))
    said = sentence(caught.value)
    assert said.startswith(f"{key}: there is no such key") and nearest in said
    assert "append" not in said


def test_hydras_own_keys_and_a_readers_stay_possible(composed) -> None:
    checked(composed("+hydra.job.env_set.THIS=that", "++hydra.verbose=true"))
    with pytest.raises(UserError, match=r"data\.reader\.shade is 1, but the data .* were prepared with"):
        checked(composed("+data.reader.shade=1"))  # the reader's function is asked when data are prepared
