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
        max_marker_error_m=CONFIG.filters.max_marker_error_m,
        max_marker_rms_m=CONFIG.filters.max_marker_rms_m,
        max_residual_force_bw=CONFIG.filters.max_residual_force_bw,
        max_residual_moment_bw_m=CONFIG.filters.max_residual_moment_bw_m,
        moment_limit=CONFIG.filters.moment_limit,
        max_cop_distance_m=CONFIG.filters.max_cop_distance_m,
        max_reserve_share=CONFIG.filters.max_reserve_share,
        max_so_violation=CONFIG.filters.max_so_violation,
        max_pelvis_list_deg=CONFIG.filters.max_pelvis_list_deg,
        edge_seconds=CONFIG.filters.edge_seconds,
        min_valid_share=CONFIG.filters.min_valid_share,
    shell:
        """
        kinesynth quality-filter \
            --ik {input.ik:q} \
            --grf {input.grf:q} \
            --id {input.id:q} \
            --so {input.so:q} \
            --model {input.model:q} \
            --max-marker-error-m {params.max_marker_error_m} \
            --max-marker-rms-m {params.max_marker_rms_m} \
            --max-residual-force-bw {params.max_residual_force_bw} \
            --max-residual-moment-bw-m {params.max_residual_moment_bw_m} \
            --moment-limit {params.moment_limit} \
            --max-cop-distance-m {params.max_cop_distance_m} \
            --max-reserve-share {params.max_reserve_share} \
            --max-so-violation {params.max_so_violation} \
            --max-pelvis-list-deg {params.max_pelvis_list_deg} \
            --edge-seconds {params.edge_seconds} \
            --min-valid-share {params.min_valid_share} \
            --output {output.quality:q} \
            2>{log:q}
        """
