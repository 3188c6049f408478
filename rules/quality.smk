"""Quality: which frame's labels can be trusted, and why not.

Takes:  stages/{ik,grf,id,so}/{shard}.h5
Gives:  stages/quality/{shard}.h5            validity of angles, forces and activations per frame
"""


rule quality_filter:
    """Mask frames and reject clips by the thresholds of config.yaml."""
    input:
        ik="stages/ik/{shard}.h5",
        grf="stages/grf/{shard}.h5",
        id="stages/id/{shard}.h5",
        so="stages/so/{shard}.h5",
        model=of_subject("stages/scale/{subject}.osim"),
    output:
        quality="stages/quality/{shard}.h5",
    log:
        "logs/quality_filter/{shard}.log",
    benchmark:
        "results/runtimes/quality_filter/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        filters=flags(CONFIG.filters),
    shell:
        """
        kinesynth quality-filter \
            --ik {input.ik:q} \
            --grf {input.grf:q} \
            --id {input.id:q} \
            --so {input.so:q} \
            --model {input.model:q} \
            {params.filters} \
            --output {output.quality:q} \
            2>{log:q}
        """
