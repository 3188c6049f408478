"""Fitting: the mesh set on the skeleton.

Takes:  stages/motion/{shard}.h5, stages/ik/{shard}.h5, stages/regressor.npz
Gives:  stages/shape/{subject}.json          one shape for all clips of a subject
        stages/fit/{shard}.h5                SMPL-X shape and pose whose markers and joints sit on the skeleton's
"""


rule fit_shape:
    """Fit a subject's shape to frames of all its clips, in the manner of MoSh's first stage."""
    input:
        body=FILES["build_body"],
        motion=shards_of(FILES["load_motion"]),
        ik=shards_of(FILES["inverse_kinematics"]),
        regressor=FILES["joint_regressor"],
    output:
        shape=FILES["fit_shape"],
    log:
        "logs/fit_shape/{subject}.log",
    benchmark:
        "results/runtimes/fit_shape/{subject}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        vertices=MARKER_VERTICES,
    shell:
        """
        kinesynth fit-shape \
            --body {input.body:q} \
            {params.vertices} \
            --motion {input.motion:q} \
            --ik {input.ik:q} \
            --regressor {input.regressor:q} \
            --output {output.shape:q} \
            2>{log:q}
        """


rule fit_body:
    """Fit the pose of every frame, in the manner of MoSh's second stage."""
    input:
        body=FILES["build_body"],
        motion=FILES["load_motion"],
        ik=FILES["inverse_kinematics"],
        regressor=FILES["joint_regressor"],
        shape=of_subject(FILES["fit_shape"]),
    output:
        fit=FILES["fit_body"],
    log:
        "logs/fit_body/{shard}.log",
    benchmark:
        "results/runtimes/fit_body/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        vertices=MARKER_VERTICES,
        fit=flags(CONFIG.fit),
    shell:
        """
        kinesynth fit-body \
            --body {input.body:q} \
            {params.vertices} \
            --motion {input.motion:q} \
            --ik {input.ik:q} \
            --regressor {input.regressor:q} \
            --shape {input.shape:q} \
            {params.fit} \
            --output {output.fit:q} \
            2>{log:q}
        """
