"""The words that the page explains wherever its reader meets them."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "weights": "The numbers inside the network that training changes. They decide what it answers.",
    "gradient": (
        "For one example: which way, and how strongly, each weight should move to lower the loss. "
        "Back-propagation computes it, from the network's output backwards to its input."
    ),
    "update": "One move of all weights: by the mean of a batch's gradients, times the learning rate.",
    "batch": "The examples whose gradients are averaged for one update. Their number is M.",
    "epoch": "One pass over all training examples.",
    "presentation": "One training example, shown once. An epoch has as many as there are examples.",
    "loss": "How wrong the network is, as one number. Lower is better.",
    "validation": "Data kept aside. No update comes from it. It tells how well the network does elsewhere.",
    "target": "The loss that every mode has to reach, on validation data, from which no update is computed.",
    "forward pass": "The way from an example to the network's answer. It tells the loss, but no gradient.",
    "gradient evaluation": (
        "One gradient of one example. Work is counted in these; a look at the loss alone counts as half."
    ),
    "evaluation of the network": (
        "The unit of work: a gradient of one example is one, a forward pass alone is half of one."
    ),
    "learning rate": "How far an update goes: what the mean gradient is multiplied by.",
    "interval": (
        "How far the truth may lie from what was found, since only some seeds were run: of such intervals, "
        "95 in 100 hold the true value."
    ),
    "seed": "The number that fixes a run's chance: its first weights and the order of its examples.",
}
"""Each word and what it means, in plain words; the order is that of the page's list."""
