"""Where things are kept between runs that are worth it: the free body, a detector's weights."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return $KINESYNTH_CACHE, else `kinesynth` under $XDG_CACHE_HOME, else under ~/.cache."""
    if own := os.environ.get("KINESYNTH_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kinesynth"
