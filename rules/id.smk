"""Inverse dynamics: joint moments.

Takes:  stages/grf/{shard}.h5, stages/scale/{subject}.osim
Gives:  stages/id/{shard}.h5                 joint moments, residuals at the pelvis
"""


rule inverse_dynamics:
    """Run OpenSim's InverseDynamicsTool."""
    input:
        grf=FILES["ground_reaction"],
        model=of_subject(FILES["scale_model"]),
    output:
        id=FILES["inverse_dynamics"],
    log:
        "logs/inverse_dynamics/{shard}.log",
    benchmark:
        "results/runtimes/inverse_dynamics/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    shell:
        """
        kinesynth inverse-dynamics \
            --grf {input.grf:q} \
            --model {input.model:q} \
            --output {output.id:q} \
            --log {log:q} \
            2>>{log:q}
        """
