"""Networks by the names of `kinesynth/networks.csv`: a network is one file here and its rows there."""

from importlib import import_module
from types import ModuleType

from kinesynth.networks import network_modules
from kinesynth_train.networks.contract import Network, Prediction
from kinesynth_train.presets import Preset
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton

__all__ = ["Network", "Prediction", "make_network", "network_module", "preset_named"]


def network_module(name: str) -> ModuleType:
    """Return the module of a preset; it defines `Shape`, `Weights`, `PRESETS` and `make`."""
    return import_module(f"{__name__}.{network_modules()[name]}")


def preset_named(name: str) -> Preset:
    """Return the preset of a name."""
    preset: Preset = network_module(name).PRESETS[name]
    return preset


def make_network(name: str, preset: Preset, stats: CoordinateStats, skeleton: DatasetSkeleton) -> Network:
    """Return the untrained network of a preset."""
    network: Network = network_module(name).make(preset.shape, preset.weights, stats, skeleton)
    return network
