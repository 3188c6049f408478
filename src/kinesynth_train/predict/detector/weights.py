"""BlazePose's weights: two files inside MediaPipe's wheel (Apache-2.0), taken from the package index on first use."""

from kinesynth_train.package_files import PackageFiles

BLAZEPOSE = PackageFiles(
    title="the weights of BlazePose",
    folder="blazepose",
    package="mediapipe==0.10.21",  # its last release with weights
    megabytes=36,
    files={
        "pose_detection": (
            "mediapipe/modules/pose_detection/pose_detection.tflite",
            "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        ),
        "pose_landmark_full": (
            "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
            "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        ),
    },
    flags=("--python-version", "3.12", "--platform", "manylinux_2_28_x86_64"),
)
