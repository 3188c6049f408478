"""Report: one page that shows what was made and how good it is.

Takes:  shards, index, metrics, run times
Gives:  results/report.html                  self-contained
"""


rule report:
    """Draw the report."""
    input:
        listed=FILES["list_shards"],
        shards=expand(FILES["pack_shard"], shard=SHARDS),
        index=FILES["index_shards"],
        rejected=REJECTED,
        metrics=METRICS,
    output:
        page=FILES["report"],
    log:
        "logs/report.log",
    benchmark:
        "results/runtimes/report/all.tsv"
    conda:
        "../envs/pipeline.yaml"
    shell:
        """
        kinesynth report \
            --shards {input.listed:q} \
            --index {input.index:q} \
            --rejected {input.rejected:q} \
            --train {input.metrics:q} \
            --benchmarks results/runtimes \
            --output {output.page:q} \
            2>{log:q}
        """
