"""config.yaml, the schema and the dataclasses must tell the same story."""

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from snakemake.common.configfile import load_configfile
from snakemake_interface_common.exceptions import WorkflowError

from kinesynth.config import Config, Render
from kinesynth.config_file import config_schema, load_config, shaping_config
from kinesynth.errors import BadConfig

ROOT = Path(__file__).parents[1]


def test_config_yaml_holds_every_default() -> None:
    written = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert written == _plain(asdict(Config()))


def test_snakemake_runs_no_function_that_a_tag_names(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f'clips: !!python/object/apply:os.system ["touch {tmp_path / "executed"}"]\n')
    with pytest.raises(WorkflowError, match="not valid JSON or YAML"):
        load_configfile(path)
    assert not (tmp_path / "executed").exists()


def test_schema_file_is_what_the_code_generates() -> None:
    assert yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text()) == config_schema()


def test_empty_config_is_the_default() -> None:
    assert load_config({}) == Config()


def test_single_keys_override() -> None:
    config = load_config({"motion": {"fps": 60}})
    assert config.motion.fps == 60
    assert config.motion.max_clip_seconds == Config().motion.max_clip_seconds


@pytest.mark.parametrize(
    ("values", "key", "found"),
    [
        ({"sed": 2}, "sed", "an unknown key"),
        ({"motion": {"fsp": 60}}, "motion.fsp", "an unknown key"),
        ({"motion": {"fps": "sixty"}}, "motion.fps", "'sixty'"),
        ({"motion": {"fps": -1}}, "motion.fps", "-1"),
        ({"render": {"width": 255}}, "render.width", "255"),
        ({"render": {"preset": "film"}}, "render.preset", "'film'"),
        ({"ik": 3}, "ik", "3"),
        ({"body": {"model": "nowhere/SMPLX_NEUTRAL.npz"}}, "body.model", "no file nowhere/SMPLX_NEUTRAL.npz"),
        ({"render": {"views": []}}, "render.views", "[]"),
    ],
)
def test_bad_values_name_key_and_finding(values: dict[str, object], key: str, found: str) -> None:
    with pytest.raises(BadConfig) as caught:
        load_config(values, "mine.yaml")
    message = str(caught.value)
    assert message.startswith(f"mine.yaml: {key}: found {found}, expected ")
    assert "\n" not in message


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return list(value) if isinstance(value, tuple) else value


def test_training_does_not_shape_the_shards() -> None:
    assert shaping_config(load_config({"train": {"steps": 3}})) == shaping_config(Config())
    assert shaping_config(load_config({"filters": {"edge_seconds": 0.1}})) != shaping_config(Config())


def test_lists_of_a_file_are_those_of_the_dataclass() -> None:
    found = load_config({"render": {"tracks": ["parts", "depth"], "views": ["rear"]}}).render
    assert found == Render(tracks=("parts", "depth"), views=("rear",))
