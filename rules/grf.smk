"""Ground reaction: the floor's answer, from motion alone, or as force plates measured it.

Takes:  stages/ik/{shard}.h5, stages/scale/{subject}.{osim,json}, the files in the clip table's column grf
Gives:  stages/grf/{shard}.h5                force, centre of pressure and free moment under each foot
"""


rule ground_reaction:
    """Share the external wrench between contact points under both feet."""
    input:
        ik=FILES["inverse_kinematics"],
        model=of_subject(FILES["scale_model"]),
        scale=of_subject(SCALE_REPORT),
    output:
        grf=FILES["ground_reaction"],
    log:
        "logs/ground_reaction/{shard}.log",
    benchmark:
        "results/runtimes/ground_reaction/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        grf=flags(CONFIG.grf),
    shell:
        """
        kinesynth ground-reaction \
            --ik {input.ik:q} \
            --model {input.model:q} \
            --scale {input.scale:q} \
            {params.grf} \
            --output {output.grf:q} \
            --log {log:q} \
            2>>{log:q}
        """
