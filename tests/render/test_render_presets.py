from typing import get_args

from kinesynth.config_file import config_schema
from kinesynth.render.presets import PRESETS, Engine


def test_presets_are_typed_rows() -> None:
    for settings in PRESETS.values():
        assert settings.engine in get_args(Engine)
        assert type(settings.shadows) is bool
        assert settings.samples >= 1
        assert settings.frame_seconds > 0
    assert PRESETS["odah"].samples > PRESETS["preview"].samples
    assert (PRESETS["preview"].shadows, PRESETS["odah"].shadows) == (False, True)


def test_configuration_offers_the_rows_of_the_table() -> None:
    assert config_schema()["properties"]["render"]["properties"]["preset"]["enum"] == list(PRESETS)
