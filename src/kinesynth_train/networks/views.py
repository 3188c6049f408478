"""Each view of a window as a window of its own."""

from torch import Tensor

from kinesynth_train.data import TIME_AXIS, Batch


def per_view(batch: Batch, views: int) -> Batch:
    """Return a batch of N windows as one of N x views: labels again for each view, the views' own arrays apart."""

    def apart(name: str, value: Tensor) -> Tensor:
        if TIME_AXIS.get(name) == 1:
            return value[:, :views].flatten(0, 1)
        return value.repeat_interleave(views, 0)

    return {name: apart(name, value) for name, value in batch.items()}
