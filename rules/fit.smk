"""Fitting: the mesh set on the skeleton.

Takes:  stages/motion/{shard}.h5, stages/ik/{shard}.h5, stages/regressor.npz
Gives:  stages/fit/{shard}.h5                SMPL-X shape and pose whose markers and joints sit on the skeleton's
"""


rule fit_body:
    """Refine shape and pose in the manner of MoSh."""
    input:
        body="stages/body/model.npz",
        motion="stages/motion/{shard}.h5",
        ik="stages/ik/{shard}.h5",
        regressor="stages/regressor.npz",
    output:
        fit="stages/fit/{shard}.h5",
    log:
        "logs/fit_body/{shard}.log",
    benchmark:
        "results/runtimes/fit_body/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        vertices=MARKER_VERTICES,
        max_residual=CONFIG.fit.max_residual_m,
    shell:
        """
        kinesynth fit-body \
            --body {input.body:q} \
            {params.vertices} \
            --motion {input.motion:q} \
            --ik {input.ik:q} \
            --regressor {input.regressor:q} \
            --max-residual-m {params.max_residual} \
            --output {output.fit:q} \
            2>{log:q}
        """
