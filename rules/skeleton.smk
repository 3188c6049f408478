"""Skeleton: the generic musculoskeletal model, before it is scaled.

Takes:  nothing (the tables of the package)
Gives:  stages/skeleton/generic.osim
"""


rule build_skeleton:
    """Build the generic OpenSim model from its tables."""
    output:
        model=FILES["build_skeleton"],
    log:
        "logs/build_skeleton.log",
    benchmark:
        "results/runtimes/build_skeleton/all.tsv"
    conda:
        "../envs/pipeline.yaml"
    shell:
        """
        kinesynth build-skeleton \
            --output {output.model:q} \
            --log {log:q}
        """
