"""Inverse dynamics: joint moments.

Takes:  stages/grf/{shard}.h5, stages/scale/{subject}.osim
Gives:  stages/id/{shard}.h5                 joint moments, residuals at the pelvis
"""


rule inverse_dynamics:
    """Run OpenSim's InverseDynamicsTool."""
    input:
        grf="stages/grf/{shard}.h5",
        model=of_subject("stages/scale/{subject}.osim"),
    output:
        id="stages/id/{shard}.h5",
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
