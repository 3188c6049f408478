import json
import math
from pathlib import Path

from kinesynth_train.metrics_file import write_metrics


def test_what_is_no_number_is_null(tmp_path: Path) -> None:
    metrics = {"muscle_pcc": math.nan, "curve": [{"step": 1, "loss": math.inf}], "name": "odah", "frames": 3, "r": 0.5}
    write_metrics(tmp_path / "metrics.json", metrics)
    text = (tmp_path / "metrics.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    told = json.loads(text)
    assert told == {"muscle_pcc": None, "curve": [{"step": 1, "loss": None}], "name": "odah", "frames": 3, "r": 0.5}
