"""Inverse kinematics: joint angles from markers.

Takes:  stages/markers/{shard}.h5, stages/scale/{subject}.osim and its report
Gives:  stages/ik/{shard}.h5                 angles, joint and mass centres, errors per marker and frame
"""


rule inverse_kinematics:
    """Solve inverse kinematics for the clips of a shard."""
    input:
        markers=FILES["virtual_markers"],
        model=of_subject(FILES["scale_model"]),
        scaling=of_subject(SCALE_REPORT),
    output:
        ik=FILES["inverse_kinematics"],
    log:
        "logs/inverse_kinematics/{shard}.log",
    benchmark:
        "results/runtimes/inverse_kinematics/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        ik=flags(CONFIG.ik),
    shell:
        """
        kinesynth inverse-kinematics \
            --markers {input.markers:q} \
            --model {input.model:q} \
            --scaling {input.scaling:q} \
            {params.ik} \
            --output {output.ik:q} \
            --log {log:q} \
            2>>{log:q}
        """
