"""The paths of all that a run makes, below its own directory: the one table for rules, plan, tools and tests."""

FILES = {  # rule -> what it makes, in the order of a run
    "list_shards": "stages/shards.tsv",
    "build_body": "stages/body/model.npz",
    "build_skeleton": "stages/skeleton/generic.osim",
    "subject_shape": "stages/subjects/{subject}.json",
    "load_motion": "stages/motion/{shard}.h5",
    "virtual_markers": "stages/markers/{shard}.h5",
    "scale_model": "stages/scale/{subject}.osim",
    "inverse_kinematics": "stages/ik/{shard}.h5",
    "joint_regressor": "stages/regressor.npz",
    "fit_shape": "stages/shape/{subject}.json",
    "fit_body": "stages/fit/{shard}.h5",
    "ground_reaction": "stages/grf/{shard}.h5",
    "inverse_dynamics": "stages/id/{shard}.h5",
    "fit_muscle_paths": "stages/paths/{shard}.npz",
    "static_optimization": "stages/so/{shard}.h5",
    "quality_filter": "stages/quality/{shard}.h5",
    "render_views": "stages/render/{shard}.h5",
    "pack_shard": "results/shards/{shard}.h5",
    "index_shards": "results/index.parquet",
    "export": "results/opensim/{subject}",
    "train": "results/train/checkpoint.pt",
    "report": "results/report.html",
}
SCALE_REPORT = "stages/scale/{subject}.json"
REJECTED, CARD = "results/rejected.tsv", "results/README.md"
CROISSANT, CARD_PICTURE = "results/croissant.json", "results/card.jpg"  # beside them
CHECKSUMS = "results/checksums.txt"
METRICS = "results/train/metrics.json"
RUNTIMES = "results/runtimes"
SHARD_FILES = {rule: file for rule, file in FILES.items() if file.endswith("{shard}.h5")}
LABEL_FILES = {rule: file for rule, file in SHARD_FILES.items() if rule not in ("render_views", "pack_shard")}
STORED = ("stages", "results/shards", "results/opensim")  # what takes room
