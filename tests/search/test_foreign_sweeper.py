"""A sweeper of somebody else's minimises what `pipelines/train.py` returns."""

import json
import re
from pathlib import Path

import pytest

from processes import BASIC, Place, copy_checkout

PLUGIN = '''
import json
import math
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper


class Golden(Sweeper):
    """Looks for the best learning rate by golden section, between 0.01 and 1 as logarithms."""

    def setup(self, *, hydra_context, task_function, config):
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments):
        values, low, high, section = {}, math.log(0.01), 0.0, (math.sqrt(5) - 1) / 2

        def asked(at):
            rate = f"{math.exp(at):.4g}"
            if rate not in values:
                job = [*arguments, f"learning_rate={rate}"]
                (ended,) = self.launcher.launch([job], initial_job_idx=len(values))
                values[rate] = ended.return_value
            return values[rate]

        for _ in range(3):
            left, right = high - section * (high - low), low + section * (high - low)
            low, high = (low, right) if asked(left) <= asked(right) else (left, high)
        print("asked", json.dumps(values))


ConfigStore.instance().store(
    group="hydra/sweeper", name="golden", node={"_target_": f"{__name__}.Golden"}, provider="golden"
)
'''


@pytest.mark.slow
def test_a_foreign_sweeper_gets_the_final_validation_loss(tmp_path: Path, prepared: Path) -> None:
    plugins = tmp_path / "plugins" / "hydra_plugins"
    plugins.mkdir(parents=True)
    (plugins / "golden.py").write_text(PLUGIN)
    checkout = copy_checkout(tmp_path / "checkout", prepared)
    place = Place(tmp_path / "root", checkout, environment={"PYTHONPATH": str(plugins.parent)})
    said = place.run("hydra/sweeper=golden", "epochs=2", BASIC)
    values = json.loads(re.findall(r"^asked (.*)$", said, re.MULTILINE)[-1])
    assert len(values) == 4  # two, and one more for each further section
    losses = {}
    for path in place.root.glob("runs/*/run.json"):
        row = json.loads(path.read_text())["row"]
        losses[f"{row['learning_rate']:.4g}"] = row["validation_loss"]
    assert values == pytest.approx(losses, rel=1e-12)
    kept = place.stamps()
    place.run("hydra/sweeper=golden", "epochs=2", BASIC)
    assert place.stamps() == kept
