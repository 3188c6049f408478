"""Virtual markers: what a motion capture system would have seen.

Takes:  stages/motion/{shard}.h5
Gives:  stages/markers/{shard}.h5            trajectories of markers on bony landmarks
"""


rule virtual_markers:
    """Read the landmarks off the moving mesh."""
    input:
        body=FILES["build_body"],
        motion=FILES["load_motion"],
    output:
        markers=FILES["virtual_markers"],
    log:
        "logs/virtual_markers/{shard}.log",
    benchmark:
        "results/runtimes/virtual_markers/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        vertices=MARKER_VERTICES,
    shell:
        """
        kinesynth virtual-markers \
            --body {input.body:q} \
            {params.vertices} \
            --motion {input.motion:q} \
            --output {output.markers:q} \
            2>{log:q}
        """
