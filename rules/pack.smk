"""Pack: one HDF5 file per shard, one index for all, OpenSim's own files beside them.

Takes:  everything above
Gives:  results/shards/{shard}.h5            schema 1 (docs/dataset.md)
        results/index.parquet, results/croissant.json, results/rejected.tsv, results/checksums.txt,
        results/README.md, results/card.jpg
        results/opensim/{subject}/           .osim, .trc, .mot, .sto
"""


rule pack_shard:
    """Assemble the labels and pixels of a shard."""
    input:
        body=FILES["build_body"],
        subject=of_subject(FILES["subject_shape"]),
        model=of_subject(FILES["scale_model"]),
        scale_report=of_subject(SCALE_REPORT),
        markers=FILES["virtual_markers"],
        ik=FILES["inverse_kinematics"],
        fit=FILES["fit_body"],
        grf=FILES["ground_reaction"],
        id=FILES["inverse_dynamics"],
        so=FILES["static_optimization"],
        quality=FILES["quality_filter"],
        render=FILES["render_views"],
    output:
        shard=FILES["pack_shard"],
    log:
        "logs/pack_shard/{shard}.log",
    benchmark:
        "results/runtimes/pack_shard/{shard}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        config_sha256=CONFIG_SHA256,
    shell:
        """
        kinesynth pack-shard \
            --body {input.body:q} \
            --subject {input.subject:q} \
            --model {input.model:q} \
            --scale-report {input.scale_report:q} \
            --markers {input.markers:q} \
            --ik {input.ik:q} \
            --fit {input.fit:q} \
            --grf {input.grf:q} \
            --id {input.id:q} \
            --so {input.so:q} \
            --quality {input.quality:q} \
            --render {input.render:q} \
            --config-sha256 {params.config_sha256} \
            --output {output.shard:q} \
            2>{log:q}
        """


rule list_shards:
    """List the run's shards: a thousand names do not fit on a command line."""
    output:
        shards=FILES["list_shards"],
    log:
        "logs/list_shards.log",
    benchmark:
        "results/runtimes/list_shards/all.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        clips=CONFIG.clips,
        rows=fingerprint(CLIPS, files=False),
        size=flags(SHARD_SIZE),
    shell:
        """
        kinesynth list-shards \
            --clips {params.clips:q} \
            {params.size} \
            --output {output.shards:q} \
            2>{log:q}
        """


rule index_shards:
    """List every clip, delivered or rejected, and write the dataset's card."""
    input:
        listed=FILES["list_shards"],
        shards=expand(FILES["pack_shard"], shard=SHARDS),
    output:
        index=FILES["index_shards"],
        rejected=REJECTED,
        card=CARD,
        checksums=CHECKSUMS,
        croissant=CROISSANT,
        picture=CARD_PICTURE,
    log:
        "logs/index_shards.log",
    benchmark:
        "results/runtimes/index_shards/all.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        config=SHAPING_CONFIG,
    shell:
        """
        kinesynth index-shards \
            --config {params.config:q} \
            --shards {input.listed:q} \
            --output {output.index:q} \
            --rejected {output.rejected:q} \
            --card {output.card:q} \
            2>{log:q}
        """


rule export:
    """Write a subject's model, markers, angles, forces, moments and activations as OpenSim files."""
    input:
        shards=shards_of(FILES["pack_shard"]),
    output:
        folder=directory(FILES["export"]),
    log:
        "logs/export/{subject}.log",
    benchmark:
        "results/runtimes/export/{subject}.tsv"
    conda:
        "../envs/pipeline.yaml"
    shell:
        """
        kinesynth export \
            --shards {input.shards:q} \
            --opensim {output.folder:q} \
            2>{log:q}
        """
