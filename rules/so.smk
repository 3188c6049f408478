"""Static optimization: which muscles made these moments.

Takes:  stages/ik/{shard}.h5, stages/grf/{shard}.h5, stages/scale/{subject}.osim
Gives:  stages/so/{shard}.h5                 activations, reserves, constraint violation
"""


rule static_optimization:
    """Run OpenSim's StaticOptimization."""
    input:
        ik="stages/ik/{shard}.h5",
        grf="stages/grf/{shard}.h5",
        model=of_subject("stages/scale/{subject}.osim"),
    output:
        so="stages/so/{shard}.h5",
    log:
        "logs/static_optimization/{shard}.log",
    benchmark:
        "results/runtimes/static_optimization/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        engine=CONFIG.so.engine,
        rate=CONFIG.so.rate,
        exponent=CONFIG.so.activation_exponent,
        cutoff=CONFIG.id.cutoff_hz,
        timeout=CONFIG.so.timeout_seconds,
    shell:
        """
        kinesynth static-optimization \
            --ik {input.ik:q} \
            --grf {input.grf:q} \
            --model {input.model:q} \
            --engine {params.engine} \
            --rate {params.rate} \
            --activation-exponent {params.exponent} \
            --cutoff-hz {params.cutoff} \
            --timeout-seconds {params.timeout} \
            --output {output.so:q} \
            --log {log:q} \
            2>>{log:q}
        """
