"""The papers' table: how well networks do on people they have not seen, beside baselines, on the same frames."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from kinesynth.dataset import ShardDataset
from kinesynth.dataset.clip_entry import ClipEntry
from kinesynth.errors import BadInput
from kinesynth.file_names import takes_file_names
from kinesynth_train.baselines import marker_ik, mean_pose, triangulated
from kinesynth_train.checkpoint import Model, load_checkpoint
from kinesynth_train.data import KINEMATIC_LABELS, TIME_AXIS, Split, Windows
from kinesynth_train.joint_limits import limit_lines
from kinesynth_train.metrics_file import write_metrics
from kinesynth_train.muscle_tally import MUSCLE_LABELS, MuscleTally
from kinesynth_train.skeleton import CoordinateStats, DatasetSkeleton, subject_layer
from kinesynth_train.stretch import Estimate, Stretch
from kinesynth_train.tally import ROWS, Tally

Method = Callable[[Stretch], Estimate]
MEAN_POSE = "mean pose"
TRUE_IK, NOISY_IK, FILTERED_IK = "IK, true markers", "IK, triangulated", "IK, triangulated, 6 Hz"
DYNAMICS = "{}, dynamics of its angles"  # what the labels' own stages make of a network's motion
NOISY, FILTERED = "{}, triangulated", "{}, triangulated, 6 Hz"  # of a network that sees markers
LONGEST = 512  # frames of a clip that are held in memory at once
SMALL_CROP = 64  # for the cameras' sake, where no network looks at pictures


@takes_file_names
def evaluate(
    checkpoints: Sequence[Path],
    shards: Path,
    output: Path,
    device: str,
    dynamics: Callable[[Method, Stretch], Estimate] | None = None,
) -> dict[str, Any]:
    """Measure networks and baselines on every frame of the test split once, and write the metrics to `output` (JSON).

    Args:
        checkpoints: of the networks.
        shards: results folder, shards folder or a shard.
        output: the file.
        device: cpu or cuda.
        dynamics: what adds activations to a network's angles, see `predict.dag`; none leaves them out.

    Raises:
        BadInput: a checkpoint is none, or its skeleton has other coordinates than the shards.
    """
    models: dict[str, Model] = {}
    for path in checkpoints:
        model = load_checkpoint(path)[0].to(device)
        model.network.eval()
        check_names(path, model, ShardDataset(shards, window=1, views=()))
        models[unused_name(model.name, path, models)] = model
    first = next(iter(models.values()))
    results: dict[str, Any] = {}
    methods: dict[str, Method] = baselines(first.stats)
    tallies: dict[str, Callable[[str], Tally]] = {}
    cuts = sorted({cut_of(model) for model in models.values() if model.preset.crop} or {(SMALL_CROP, 1.0)})
    labels = labels_of_all(models.values(), MUSCLE_LABELS if dynamics else ())
    for cut in cuts:
        for name, model in models.items():
            if cut_of(model) == cut or (not model.preset.crop and cut == cuts[0]):
                own = {**network_methods(name, model), **model.network.baselines()}
                tallies |= dict.fromkeys(own, model.network.tally)
                if dynamics and model.network.kinematics:
                    own[DYNAMICS.format(name)] = partial(dynamics, network_method(model))
                    tallies[DYNAMICS.format(name)] = partial(MuscleTally, first.skeleton)
                methods |= own
        split, windows = held_out(shards, cut[0], labels, cut[1])
        results |= measure(methods, first.skeleton, windows, device, tallies)
        methods = {}
    metrics = {
        "shards": str(shards),
        "split": split,
        "rows": rows_of(models.values(), device) | (MuscleTally.rows if dynamics else {}),
        "methods": {name: results[name] for name in column_order(models, first.stats) if name in results},
    }
    write_metrics(output, metrics)
    return metrics


def cut_of(model: Model) -> tuple[int, float]:
    """Return the side of the crops that a network looks at, and their aspect."""
    return model.preset.crop, model.preset.aspect


def labels_of_all(models: Iterable[Model], more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the fields that some network or the metrics that all share need, and some more."""
    own = (name for model in models for name in model.network.labels)
    return tuple(dict.fromkeys((*KINEMATIC_LABELS, *own, *more)))


def rows_of(models: Iterable[Model], device: str) -> dict[str, str]:
    """Return the titles of the metrics: those that all share, then those of some network alone."""
    return ROWS | {name: title for model in models for name, title in model.network.tally(device).rows.items()}


def column_order(models: dict[str, Model], stats: CoordinateStats) -> list[str]:
    """Return the methods' names: what needs no network, what networks' own metrics are held against, the networks."""
    own = [name for model in models.values() for name in model.network.baselines()]
    names = [form.format(name) for name in models for form in ("{}", NOISY, FILTERED, DYNAMICS)]
    return list(dict.fromkeys([*baselines(stats), *own, *names]))


def table(metrics: dict[str, Any]) -> str:
    """Return the metrics as text: a row per metric and per coordinate, a column per method."""
    methods = metrics["methods"]
    first = next(iter(methods.values()))
    lines = [["test split" if metrics["split"] == "test" else f"{metrics['split']} split", *methods]]
    rows = metrics["rows"]
    lines += [[title, *(_cell(method.get(key)) for method in methods.values())] for key, title in rows.items()]
    lines += limit_lines(list(methods.values()))
    lines += [
        [f"  {name}, deg", *(_degrees(method, name) for method in methods.values())]
        for name in first["mae_by_coordinate_deg"]
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = [
        "  ".join(
            cell.ljust(width) if not n else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    moving = f"{first['moving_coordinates']} of {len(first['mae_by_coordinate_deg'])} coordinates move"
    return "\n".join([*text, f"{first['frames']} frames, each counted once; {moving} by more than 3 degrees"])


def _degrees(method: dict[str, Any], coordinate: str) -> str:
    """Return a coordinate's error, of a method that tells angles."""
    errors = method.get("mae_by_coordinate_deg")
    return f"{errors[coordinate]:.2f}" if errors else "-"


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def held_out(
    shards: Path, crop: int, labels: Sequence[str] = KINEMATIC_LABELS, aspect: float = 1.0
) -> tuple[Split, Windows]:
    """Return the test split; val or train where there is none, as tiny datasets may have it."""
    splits: tuple[Split, ...] = ("test", "val", "train")
    for split in splits:
        if windows := stretches(shards, split, crop, labels, aspect):
            return split, windows
    raise BadInput(shards, "clips", "none", "at least one", "look at rejected.tsv")


def stretches(
    shards: Path,
    split: Split,
    crop: int,
    labels: Sequence[str] = KINEMATIC_LABELS,
    aspect: float = 1.0,
    keep: Callable[[ClipEntry], bool] | None = None,
) -> Windows | None:
    """Return every frame of a split in long stretches, those of the shards alone: all methods see the same."""
    clips = ShardDataset(shards, split, 1, views=(), keep=keep).clips
    if not clips:
        return None
    window = min(max(clip.frames for clip in clips), LONGEST)
    return Windows(shards, split, window, crop, stride=window, labels=labels, aspect=aspect, keep=keep)


def measure_beside_mean(model: Model, test: tuple[str, Windows], device: str) -> dict[str, Any]:
    """Return the metrics of a model that was trained, those of the mean pose as `baseline_...`."""
    split, windows = test
    mean = partial(mean_pose, stats=model.stats)
    own = model.network.baselines()
    found = measure_network(model, windows, device, **{MEAN_POSE: mean}, **own)
    baseline = {f"baseline_{name}": value for name, value in found[MEAN_POSE].items() if name in ROWS}
    told = {"baselines": {name: found[name] for name in own}} if own else {}
    return {"split": split, "windows": len(windows), **found["network"], **baseline, **told}


def measure_network(model: Model, windows: Windows, device: str, **others: Method) -> dict[str, Any]:
    """Return the metrics of a model that is trained, as `network`, and those of other methods."""
    model.network.eval()
    tallies = dict.fromkeys(("network", *model.network.baselines()), model.network.tally)
    found = measure({"network": network_method(model), **others}, model.skeleton, windows, device, tallies)
    model.network.train()
    return found


def baselines(stats: CoordinateStats) -> dict[str, Method]:
    """Return the methods that need no network."""
    return {
        MEAN_POSE: partial(mean_pose, stats=stats),
        TRUE_IK: partial(marker_ik, stats=stats, noise=False),
        NOISY_IK: partial(marker_ik, stats=stats, noise=True),
        FILTERED_IK: partial(marker_ik, stats=stats, noise=True, low_pass=True),
    }


def network_methods(name: str, model: Model) -> dict[str, Method]:
    """Return a network's estimate and, where it sees markers, also those from triangulated ones."""
    plain = network_method(model)
    if model.network.pictures:
        return {name: plain}

    def noisy(stretch: Stretch, *, low_pass: bool) -> Estimate:
        markers = triangulated(stretch, low_pass=low_pass)[None]
        return plain(Stretch({**stretch.batch, "markers": markers}, stretch.layer, stretch.number))

    return {
        name: plain,
        NOISY.format(name): partial(noisy, low_pass=False),
        FILTERED.format(name): partial(noisy, low_pass=True),
    }


def network_method(model: Model) -> Method:
    """Return the network's estimate, as it comes."""
    last = model.preset.phases[-1]
    return partial(model.network.estimate, stage=last.stage, window=last.window)


@torch.no_grad()
def measure(
    methods: dict[str, Method],
    skeleton: DatasetSkeleton,
    windows: Windows,
    device: str,
    own: Mapping[str, Callable[[str], Tally]] | None = None,
) -> dict[str, Any]:
    """Return each method's metrics on windows, whose every frame counts once; of some, by their `own` tally.

    And the seconds that a frame takes, without what decodes it.
    """
    kinds = own or {}
    tallies = {name: kinds[name](device) if name in kinds else Tally(skeleton, device) for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for index in range(len(windows)):
        stretch = read_stretch(windows, index, device)
        for name, method in methods.items():
            began = time.perf_counter()
            estimate = method(stretch)
            seconds[name] += time.perf_counter() - began
            tallies[name].add(estimate, stretch)
    metrics = {name: tally.metrics() for name, tally in tallies.items()}
    return {name: {**own, "seconds_per_frame": seconds[name] / own["frames"]} for name, own in metrics.items()}


def read_stretch(windows: Windows, index: int, device: str) -> Stretch:
    """Return a window without its padding, and its subject's skeleton."""
    item = windows[index]
    frames = int(item["frame_valid"].sum())
    cut = {
        name: value.narrow(TIME_AXIS[name], 0, frames) if name in TIME_AXIS else value for name, value in item.items()
    }
    batch = {name: value[None].to(device) for name, value in cut.items()}
    clip = windows.clip_of(index)
    return Stretch(batch, subject_layer(clip.shard).to(device), index, clip.action, clip.subject)


def check_names(path: Path, model: Model, dataset: ShardDataset) -> None:
    """Raise BadInput if the checkpoint's skeleton is not that of the shards."""
    known = model.skeleton.definition.coordinate_names
    if tuple(dataset.names.coordinates) != tuple(known):
        found, fix = f"{len(known)} coordinates", "train on these shards, or measure on those of training"
        raise BadInput(path, "skeleton", found, f"the {len(dataset.names.coordinates)} of the shards", fix)


def unused_name(name: str, path: Path, taken: Iterable[str]) -> str:
    """Return the preset's name, with the checkpoint's folder where two have one name."""
    return f"{name} ({path.parent.name})" if name in taken else name
