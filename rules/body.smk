"""Body model: the surface that all motions move.

Takes:  nothing (body.model: free), or a licensed SMPLX_*.npz
Gives:  stages/body/model.npz                in SMPL-X's own schema
        stages/subjects/{subject}.json       each subject's shape, sex, mass and height
"""


rule build_body:
    """Build the free body, or check and take the user's."""
    output:
        model=FILES["build_body"],
    log:
        "logs/build_body.log",
    benchmark:
        "results/runtimes/build_body/all.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        model=CONFIG.body.model,
        gender=CONFIG.body.gender,
    shell:
        """
        kinesynth build-body \
            --model {params.model:q} \
            --gender {params.gender} \
            --output {output.model:q} \
            2>{log:q}
        """


rule subject_shape:
    """Choose the shape of a subject, shared by all its clips."""
    input:
        body=FILES["build_body"],
    output:
        subject=FILES["subject_shape"],
    log:
        "logs/subject_shape/{subject}.log",
    benchmark:
        "results/runtimes/subject_shape/{subject}.tsv"
    conda:
        "../envs/pipeline.yaml"
    params:
        clips=CONFIG.clips,
        rows=lambda wildcards: fingerprint(rows_of_shape(wildcards)),
        stated=lambda wildcards: repr(STATED.get(wildcards.subject)),
        subjects=SUBJECTS_TABLE,
        seed=CONFIG.seed,
        density=CONFIG.body.density_kg_m3,
    shell:
        """
        kinesynth subject-shape \
            --log {log:q} \
            --body {input.body:q} \
            --clips {params.clips:q} \
            {params.subjects} \
            --subject {wildcards.subject:q} \
            --seed {params.seed} \
            --density-kg-m3 {params.density} \
            --output {output.subject:q} \
            2>{log:q}
        """
