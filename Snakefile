"""Kinesynth: from body motion to training data with anatomically true labels. The rules stand in the order of a run."""

from snakemake.utils import min_version

min_version("9.0")


configfile: workflow.source_path("config.yaml")


include: "rules/common.smk"
include: "rules/body.smk"
include: "rules/skeleton.smk"
include: "rules/motion.smk"
include: "rules/markers.smk"
include: "rules/scale.smk"
include: "rules/ik.smk"
include: "rules/regress.smk"
include: "rules/fit.smk"
include: "rules/grf.smk"
include: "rules/id.smk"
include: "rules/so.smk"
include: "rules/quality.smk"
include: "rules/render.smk"
include: "rules/pack.smk"
include: "rules/train.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        FILES["report"],
        FILES["index_shards"],
        expand(FILES["pack_shard"], shard=SHARDS),  # else one that was deleted would not be missed
        expand(FILES["export"], subject=SUBJECTS),
