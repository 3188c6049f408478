"""Train: a network on the shards.

Takes:  results/shards/, results/index.parquet
Gives:  results/train/checkpoint.pt, results/train/metrics.json
"""


rule train:
    """Train the configured network and evaluate it on the test split."""
    input:
        shards=expand(FILES["pack_shard"], shard=SHARDS),
        index=FILES["index_shards"],
    output:
        checkpoint=FILES["train"],
        metrics=METRICS,
    log:
        "logs/train.log",
    benchmark:
        "results/runtimes/train/all.tsv"
    conda:
        "../envs/train.yaml"
    params:
        network=CONFIG.train.network,
        steps=CONFIG.train.steps,
        batch_size=CONFIG.train.batch_size,
        window=CONFIG.train.window,
        seed=CONFIG.seed,
    shell:
        """
        kinesynth-train fit \
            --shards results/shards \
            --network {params.network} \
            --steps {params.steps} \
            --batch-size {params.batch_size} \
            --window {params.window} \
            --seed {params.seed} \
            --output results/train \
            2>{log:q}
        """
