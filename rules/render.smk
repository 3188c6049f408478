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
        preset=CONFIG.render.preset,
        width=CONFIG.render.width,
        height=CONFIG.render.height,
        rig=CONFIG.render.rig,
        views=CONFIG.render.views,
        blur="--motion-blur" if CONFIG.render.motion_blur else "--no-motion-blur",
        tracks=[f"--tracks={track}" for track in CONFIG.render.tracks],
    shell:
        """
        kinesynth render-views \
            --body {input.body:q} \
            --fit {input.fit:q} \
            --seed {params.seed} \
            --preset {params.preset} \
            --width {params.width} \
            --height {params.height} \
            --rig {params.rig} \
            --views {params.views:q} \
            {params.blur} \
            {params.tracks:q} \
            --output {output.render:q} \
            --log {log:q} \
            2>>{log:q}
        """
