"""Scaling: the generic model made a subject's.

Takes:  stages/skeleton/generic.osim, the subject's shape in a static pose
Gives:  stages/scale/{subject}.osim          scaled model with the subject's markers
        stages/scale/{subject}.json          scale factors, mass, height, static marker errors
"""


rule scale_model:
    """Scale the model to a subject with OpenSim's ScaleTool."""
    input:
        body=FILES["build_body"],
        subject=FILES["subject_shape"],
        skeleton=FILES["build_skeleton"],
    output:
        model=FILES["scale_model"],
        report=SCALE_REPORT,
    log:
        "logs/scale_model/{subject}.log",
    benchmark:
        "results/runtimes/scale_model/{subject}.tsv"
    conda:
        "../envs/pipeline.yaml"
    shell:
        """
        kinesynth scale-model \
            --body {input.body:q} \
            --subject {input.subject:q} \
            --skeleton {input.skeleton:q} \
            --output {output.model:q} \
            --report {output.report:q} \
            --log {log:q} \
            2>>{log:q}
        """
