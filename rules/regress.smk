"""Joint regressor: OpenSim's joint centres from the mesh.

Takes:  nothing for the free body, whose regressor ships; else motion and inverse kinematics of training shards
Gives:  stages/regressor.npz                 at most 32 vertices a joint, held-out error per joint
"""

if CONFIG.regressor.source == "auto" and CONFIG.body.model == "free":

    rule shipped_regressor:
        """Take the free body's regressor from the package."""
        input:
            body=FILES["build_body"],
        output:
            regressor=FILES["joint_regressor"],
        log:
            "logs/shipped_regressor.log",
        benchmark:
            "results/runtimes/shipped_regressor/all.tsv"
        conda:
            "../envs/pipeline.yaml"
        shell:
            """
            kinesynth shipped-regressor \
                --body {input.body:q} \
                --output {output.regressor:q} \
                2>{log:q}
            """

else:

    rule joint_regressor:
        """Train the sparse joint regressor on the training subjects."""
        input:
            body=FILES["build_body"],
            motion=expand(FILES["load_motion"], shard=TRAINING_SHARDS[: CONFIG.regressor.max_shards]),
            ik=expand(FILES["inverse_kinematics"], shard=TRAINING_SHARDS[: CONFIG.regressor.max_shards]),
        output:
            regressor=FILES["joint_regressor"],
        log:
            "logs/joint_regressor.log",
        benchmark:
            "results/runtimes/joint_regressor/all.tsv"
        conda:
            "../envs/pipeline.yaml"
        params:
            vertices=MARKER_VERTICES,
            vertices_per_joint=CONFIG.regressor.vertices_per_joint,
        shell:
            """
            kinesynth joint-regressor \
                --body {input.body:q} \
                {params.vertices} \
                --motion {input.motion:q} \
                --ik {input.ik:q} \
                --vertices-per-joint {params.vertices_per_joint} \
                --output {output.regressor:q} \
                2>{log:q}
            """
