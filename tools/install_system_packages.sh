#!/usr/bin/env bash
# Install the Debian/Ubuntu packages that the wheels of OpenSim and Blender expect, those that are missing only.
set -euo pipefail

packages=(
    libegl1 libegl-mesa0 libgl1 libglx-mesa0 libgl1-mesa-dri libopengl0 # EEVEE without a screen, on a GPU or on Mesa's software GL
    libx11-6 libxext6 libxfixes3 libxi6 libxkbcommon0 libxrender1 libxt6 libxxf86vm1 libsm6 libice6 # loaded by bpy
    libgomp1                                           # loaded by OpenSim
    python3-venv
)

if ! command -v dpkg-query > /dev/null; then
    echo "setup: no dpkg here; make sure these libraries are installed: ${packages[*]}" >&2
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    dpkg-query --show --showformat='${Status}' "$package" 2> /dev/null | grep --quiet "install ok installed" ||
        missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update --quiet=2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
