"""Quality: which frame's labels can be trusted, and why not.

Takes:  stages/{ik,grf,id,so}/{shard}.h5
Gives:  stages/quality/{shard}.h5            validity of angles, forces and activations per frame
"""


rule quality_filter:
    """Mask frames and reject clips by the thresholds of config.yaml."""
    input:
        ik=FILES["inverse_kinematics"],
        grf=FILES["ground_reaction"],
        id=FILES["inverse_dynamics"],
        so=FILES["static_optimization"],
        model=of_subject(FILES["scale_model"]),
    output:
        quality=FILES["quality_filter"],
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
