"""Networks by the name that presets take.

Each is made from its shape, the anatomy and the skeleton; `forward(batch, stage)` gives a `Prediction`, `trained_in`
the parameters that a phase trains, and `pictures` says whether it looks at any.
"""

from kinesynth_train.networks.d3ke import D3ke, D3keShape
from kinesynth_train.networks.heads import Prediction
from kinesynth_train.networks.neurik import Neurik, NeurikShape
from kinesynth_train.networks.odah import Odah, OdahShape
from kinesynth_train.skeleton import Anatomy, DatasetSkeleton

Shape = OdahShape | D3keShape | NeurikShape
Network = Odah | D3ke | Neurik

__all__ = ["D3keShape", "Network", "NeurikShape", "OdahShape", "Prediction", "Shape", "make_network"]


def make_network(shape: Shape, anatomy: Anatomy, skeleton: DatasetSkeleton) -> Network:
    """Return the untrained network of a shape."""
    if isinstance(shape, OdahShape):
        return Odah(shape, anatomy, skeleton)
    if isinstance(shape, D3keShape):
        return D3ke(shape, anatomy, skeleton)
    return Neurik(shape, anatomy, skeleton)
