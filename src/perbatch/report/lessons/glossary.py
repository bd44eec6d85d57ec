"""The words that the page explains wherever its reader meets them."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "gradient": "For one example: which way, and how strongly, each weight should move to lower the loss.",
    "update": "One move of all weights: by the mean of a batch's gradients, times the learning rate.",
    "batch": "The examples whose gradients are averaged for one update. Their number is M.",
    "epoch": "One pass over all training examples.",
    "loss": "How wrong the network is, as one number. Lower is better.",
    "target": "The loss that every mode has to reach, on validation data, from which no update is computed.",
    "gradient evaluation": (
        "One gradient of one example. Work is counted in these; a look at the loss alone counts as half."
    ),
    "learning rate": "How far an update goes: what the mean gradient is multiplied by.",
    "interval": (
        "How far the truth may lie from what was found, since only some seeds were run: of such intervals, "
        "95 in 100 hold the true value."
    ),
    "seed": "The number that fixes a run's chance: its first weights and the order of its examples.",
}
"""Each word and what it means, in plain words; the order is that of the page's list."""
