"""Tables whose size a checkpoint decides."""

from typing import Any

from torch import nn


class AnySize(nn.Module):
    """A module whose buffers become as large as a checkpoint's when it is loaded."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name in self._buffers:
            if (saved := state_dict.get(prefix + name)) is not None:
                setattr(self, name, saved.to(getattr(self, name)))
        super()._load_from_state_dict(state_dict, prefix, *rest)
