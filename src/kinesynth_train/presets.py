"""What a run is, as frozen dataclasses: a preset per paper, and a tiny one of each that a CPU trains in a minute."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from kinesynth_train.losses import Weights
from kinesynth_train.networks import D3keShape, NeurikShape, OdahShape, Shape
from kinesynth_train.virtual_markers import MarkerDraw


@dataclass(frozen=True)
class Phase:
    """A part of the training.

    Attributes:
        stage: `frame`, each frame for itself, or `sequence`, the whole network.
        steps: of the optimizer.
        window: T, frames per window.
        batch_size: windows per micro-batch and process.
        learning_rate: Adam's, at the start.
        last_learning_rate: at the end; between the two it falls along half a cosine.
        accumulate: micro-batches per step.
    """

    stage: Literal["frame", "sequence"]
    steps: int
    window: int
    batch_size: int
    learning_rate: float
    last_learning_rate: float
    accumulate: int = 1


@dataclass(frozen=True)
class Preset:
    """A network and how it is trained.

    Attributes:
        shape: the network's sizes.
        weights: of the losses.
        phases: in turn.
        crop: side of the square pictures, pixels; 0 for networks that look at none.
        jitter: whether training crops are moved, stretched and recoloured.
        precision: of the forward pass; positions and losses are always fp32.
        draw: how training markers are drawn; none takes them as recorded.
    """

    shape: Shape
    weights: Weights
    phases: tuple[Phase, ...]
    crop: int = 0
    jitter: bool = True
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    draw: MarkerDraw | None = None

    @property
    def steps(self) -> int:
        """Of all phases."""
        return sum(phase.steps for phase in self.phases)

    @property
    def window(self) -> int:
        """Frames per window of the last phase, with which the network is used."""
        return self.phases[-1].window

    def with_steps(self, steps: int) -> "Preset":
        """Return the preset with so many steps in all, shared by the phases as before."""
        ends = [round(steps * sum(p.steps for p in self.phases[: n + 1]) / self.steps) for n in range(len(self.phases))]
        starts = [0, *ends[:-1]]
        phases = (
            dataclasses.replace(phase, steps=end - start)
            for phase, start, end in zip(self.phases, starts, ends, strict=True)
        )
        return dataclasses.replace(self, phases=tuple(phases))

    def with_window(self, frames: int) -> "Preset":
        """Return the preset with windows of so many frames; phases that see single frames keep them."""
        phases = (p if p.window == 1 else dataclasses.replace(p, window=frames) for p in self.phases)
        return dataclasses.replace(self, phases=tuple(phases))

    def with_precision(self, precision: Literal["fp32", "bf16", "fp16"]) -> "Preset":
        """Return the preset with another precision."""
        return dataclasses.replace(self, precision=precision)

    def with_phases(self, **changes: Any) -> "Preset":
        """Return the preset with fields of all phases changed."""
        return dataclasses.replace(self, phases=tuple(dataclasses.replace(p, **changes) for p in self.phases))


ODAH_WEIGHTS = Weights(angle=1.0, scale=1.0, limits=1.0, joints=100.0)
D3KE_WEIGHTS = Weights(angle=0.06, rotation=0.1, scale=0.1, joints=1.0, markers=2.0, root_relative=True)
NEURIK_WEIGHTS = Weights(angle=1.0, scale=1.0, joints=1.0, markers=2.0, root_relative=True)
TINY_ODAH = OdahShape(
    hourglass_channels=16, hourglass_stacks=1, hourglass_depth=2, points=48, frame_features=64,
    channels=(64, 64), blocks=(1, 1), heads=(2, 2), ratios=(2,),
)  # fmt: skip

PRESETS = {
    # Lin et al. 2024: 64 frames, lambda 100, two phases.
    "odah": Preset(
        OdahShape(), ODAH_WEIGHTS, crop=256, precision="bf16",
        phases=(Phase("frame", 40_000, 8, 8, 1e-4, 1e-4), Phase("sequence", 60_000, 64, 2, 1e-4, 1e-6, accumulate=4)),
    ),
    # Its ablation: no network over time.
    "odah_frame": Preset(
        OdahShape(temporal=False), ODAH_WEIGHTS, crop=256, precision="bf16",
        phases=(Phase("frame", 100_000, 8, 8, 1e-4, 1e-6),),
    ),
    # Bittner et al. 2022: 1.0 / 2.0 / 0.1 / 0.06, learning rates of the released configuration.
    "d3ke": Preset(
        D3keShape(), D3KE_WEIGHTS, crop=256, precision="bf16",
        phases=(Phase("frame", 60_000, 1, 64, 5e-4, 3.33e-5), Phase("sequence", 40_000, 243, 4, 1e-3, 5e-6)),
    ),
    "d3ke_lstm": Preset(
        D3keShape(sequence="lstm", width=512), D3KE_WEIGHTS, crop=256, precision="bf16",
        phases=(Phase("frame", 60_000, 1, 64, 5e-4, 3.33e-5), Phase("sequence", 40_000, 243, 4, 1e-3, 5e-6)),
    ),
    "d3ke_tcn": Preset(
        D3keShape(sequence="tcn", width=512), D3KE_WEIGHTS, crop=256, precision="bf16",
        phases=(Phase("frame", 60_000, 1, 64, 5e-4, 3.33e-5), Phase("sequence", 40_000, 243, 4, 1e-3, 5e-6)),
    ),
    # Koleini et al. 2024: 64 frames of virtual markers.
    "neurik": Preset(
        NeurikShape(), NEURIK_WEIGHTS, draw=MarkerDraw(),
        phases=(Phase("sequence", 50_000, 64, 64, 5e-4, 5e-6),),
    ),
    "neurik_centre": Preset(
        NeurikShape(output="centre"), NEURIK_WEIGHTS, draw=MarkerDraw(),
        phases=(Phase("sequence", 50_000, 64, 64, 5e-4, 5e-6),),
    ),
    "odah_tiny": Preset(
        TINY_ODAH, ODAH_WEIGHTS, crop=64,
        phases=(Phase("frame", 24, 8, 4, 3e-3, 3e-3), Phase("sequence", 36, 16, 2, 3e-3, 3e-4)),
    ),
    "d3ke_tiny": Preset(
        D3keShape(backbone="small", width=64, layers=1, heads=4), D3KE_WEIGHTS, crop=64,
        phases=(Phase("frame", 30, 4, 4, 1e-3, 3e-4), Phase("sequence", 30, 16, 4, 3e-3, 3e-4)),
    ),
    "neurik_tiny": Preset(
        NeurikShape(channels=(16, 32), width=96, layers=1, heads=4, window=16), NEURIK_WEIGHTS,
        draw=MarkerDraw(turn=0.5),
        phases=(Phase("sequence", 60, 16, 8, 3e-3, 1e-4),),
    ),
}  # fmt: skip


def preset_to_dict(preset: Preset) -> dict[str, Any]:
    """Return the preset as plain values, which a checkpoint may hold."""
    return {"network": type(preset.shape).__name__, **dataclasses.asdict(preset)}


def preset_from_dict(values: dict[str, Any]) -> Preset:
    """Return what `preset_to_dict` took apart."""
    shapes = {kind.__name__: kind for kind in (OdahShape, D3keShape, NeurikShape)}
    rest = {name: value for name, value in values.items() if name != "network"}
    return Preset(**{
        **rest,
        "shape": shapes[values["network"]](**_tuples(values["shape"])),
        "weights": Weights(**values["weights"]),
        "phases": tuple(Phase(**phase) for phase in values["phases"]),
        "draw": MarkerDraw(**values["draw"]) if values["draw"] else None,
    })  # fmt: skip


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
