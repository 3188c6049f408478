"""Inverse dynamics: joint moments.

Takes:  stages/ik/{shard}.h5, stages/grf/{shard}.h5, stages/scale/{subject}.osim
Gives:  stages/id/{shard}.h5                 joint moments, residuals at the pelvis
"""


rule inverse_dynamics:
    """Run OpenSim's InverseDynamicsTool."""
    input:
        ik="stages/ik/{shard}.h5",
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
    params:
        cutoff=CONFIG.id.cutoff_hz,
    shell:
        """
        kinesynth inverse-dynamics \
            --ik {input.ik:q} \
            --grf {input.grf:q} \
            --model {input.model:q} \
            --cutoff-hz {params.cutoff} \
            --output {output.id:q} \
            --log {log:q} \
            2>>{log:q}
        """
