"""Render: video and part labels of the fitted, clothed body.

Takes:  stages/fit/{shard}.h5
Gives:  stages/render/{shard}.h5             H.264 video, part labels, depth and camera matrices per view
"""


rule render_views:
    """Draw the clips of a shard in one Blender process."""
    input:
        body=FILES["build_body"],
        fit=FILES["fit_body"],
    output:
        render=FILES["render_views"],
    log:
        "logs/render_views/{shard}.log",
    benchmark:
        "results/runtimes/render_views/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        seed=CONFIG.seed,
        render=flags(CONFIG.render),
    shell:
        """
        kinesynth render-views \
            --body {input.body:q} \
            --fit {input.fit:q} \
            --seed {params.seed} \
            {params.render} \
            --output {output.render:q} \
            --log {log:q} \
            2>>{log:q}
        """
