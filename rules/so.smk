"""Static optimization: which muscles made these moments.

Takes:  stages/{grf,id}/{shard}.h5, stages/scale/{subject}.osim
Gives:  stages/paths/{shard}.npz             polynomials for the muscle paths around the shard's motions
        stages/so/{shard}.h5                 activations, reserves, what the solution misses of the moments
"""


rule fit_muscle_paths:
    """Fit lengths and moment arms of the muscles around the shard's motions."""
    input:
        grf=FILES["ground_reaction"],
        model=of_subject(FILES["scale_model"]),
    output:
        paths=FILES["fit_muscle_paths"],
    log:
        "logs/fit_muscle_paths/{shard}.log",
    benchmark:
        "results/runtimes/fit_muscle_paths/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        paths=flags(CONFIG.muscle_paths),
    shell:
        """
        kinesynth fit-muscle-paths \
            --grf {input.grf:q} \
            --model {input.model:q} \
            {params.paths} \
            --output {output.paths:q} \
            --log {log:q} \
            2>>{log:q}
        """


rule static_optimization:
    """Share the joint moments among the muscles."""
    input:
        grf=FILES["ground_reaction"],
        id=FILES["inverse_dynamics"],
        paths=FILES["fit_muscle_paths"],
        model=of_subject(FILES["scale_model"]),
    output:
        so=FILES["static_optimization"],
    log:
        "logs/static_optimization/{shard}.log",
    benchmark:
        "results/runtimes/static_optimization/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        so=flags(CONFIG.so),
    shell:
        """
        kinesynth static-optimization \
            --grf {input.grf:q} \
            --id {input.id:q} \
            --model {input.model:q} \
            --paths {input.paths:q} \
            {params.so} \
            --output {output.so:q} \
            --log {log:q} \
            2>>{log:q}
        """
