"""Motion: clips of every source, resampled, with heading and ground aligned.

Takes:  the clip table's files (AMASS npz, OpenSim model and coordinates, .trc or .c3d markers) or the procedural library
Gives:  stages/motion/{shard}.h5             SMPL-X pose, world y up
"""


rule load_motion:
    """Read, audit, resample and place the motions of a shard."""
    input:
        body=FILES["build_body"],
        subject=of_subject(FILES["subject_shape"]),
    output:
        motion=FILES["load_motion"],
    log:
        "logs/load_motion/{shard}.log",
    benchmark:
        "results/runtimes/load_motion/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        clips=CONFIG.clips,
        rows=lambda wildcards: fingerprint(SHARDS[wildcards.shard]),
        size=flags(SHARD_SIZE),
        seed=CONFIG.seed,
    shell:
        """
        kinesynth load-motion \
            --clips {params.clips:q} \
            --shard {wildcards.shard:q} \
            {params.size} \
            --body {input.body:q} \
            --subject {input.subject:q} \
            --seed {params.seed} \
            --output {output.motion:q} \
            --log {log:q} \
            2>>{log:q}
        """
