"""The rules of the house that a machine can check."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "kinesynth"
SOURCES = sorted((ROOT / "src").rglob("*.py"))
GROUND = {
    "atomic", "cache_folder", "config", "file_names", "gravity", "isolation", "notes", "npz", "opensim_files",
    "options", "pixels", "reasons", "records", "runs", "stage_file", "text",
}  # fmt: skip
STAGES = {"motion", "kinematics", "fitting", "dynamics", "render", "dataset"}
# The report reads the dataset as any user of it does.
FLOORS = {
    "geometry": 1, "opensim_models": 1, "body": 2, "skeleton": 2, "markers": 3, "procedural": 3, "mosh": 4,
    "subjects": 5, **dict.fromkeys(STAGES, 6), "report": 7, "cli": 8,
}  # fmt: skip
BANNED = {
    r"allow_pickle\s*=\s*True": "runs code from data files",
    r"^\s*(import|from) pickle": "runs code from data files",
    r"yaml\.load\(": "runs code from data files",
    r"torch\.load\((?!.*weights_only=True)": "runs code from data files",
    r"np\.random\.(?!default_rng|Generator|SeedSequence)\w": "entropy that no seed rules",
    r"^\s*(import|from) (random|uuid)\b": "entropy that no seed rules",
    r"default_rng\((\)|\d|len\()": "randomness that is not an argument",
}
# OpenCap's calibrations are pickles: read by an unpickler that knows numpy's arrays only, which its tests attack.
EXEMPT = {("opencap.py", r"^\s*(import|from) pickle")}
HEAVY = {"opensim", "bpy", "snakemake"}
PUBLIC = {
    "kinesynth.dataset": ["Crop", "ResumableSampler", "ShardDataset", "ShardStream", "sample"],
    "kinesynth.opensim_files": [
        *("MarkerTrajectories", "Storage", "read_storage", "read_trc", "write_storage", "write_trc")
    ],
    "kinesynth.skeleton": ["SkeletonDefinition", "SkeletonLayer", "SkeletonPose"],
    "kinesynth_train.calibration": ["Camera", "read_cameras"],
    "kinesynth_train.networks": ["Network", "Prediction", "make_network", "network_module", "preset_named"],
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "kinesynth":
            found |= {f"kinesynth.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def part_of(module: str) -> str:
    """Return a module's part of the package: `kinesynth.body.model` -> `body`."""
    return module.split(".")[1] if module.startswith("kinesynth.") else ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_imports_point_down(path: Path) -> None:
    if path.is_relative_to(ROOT / "src" / "kinesynth_train"):
        allowed = {"", "__version__", "atomic", "cache_folder", "dataset", "geometry", "gravity", "skeleton", "errors"}
        allowed |= {"file_names", "networks"}
        if path.is_relative_to(ROOT / "src" / "kinesynth_train" / "predict"):  # it uses the stages, as the cli does
            allowed |= STAGES | {part for part in FLOORS if FLOORS[part] < FLOORS["dataset"]} | GROUND
        assert {part_of(module) for module in imports(path)} <= allowed
        return
    # Snakemake's plugin stands beside the command line, on the top floor.
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py") if path.is_relative_to(PACKAGE) else "cli"
    for module in imports(path):
        other = part_of(module)
        if other and other != part:
            assert FLOORS.get(other, 0) < FLOORS.get(part, 0) or FLOORS.get(other, 0) == 0, f"{part} imports {module}"


def test_the_ground_floor_has_no_circles() -> None:
    ground = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")} - set(FLOORS)
    arrows: dict[str, set[str]] = {part: set() for part in ground}
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part in ground:
            arrows[part] |= {part_of(module) for module in imports(path)} & ground - {part}
    TopologicalSorter(arrows).prepare()


def test_the_page_names_every_part_on_its_floor() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    rows = dict.fromkeys(range(9), "")
    for floor, parts in re.findall(r"^\| (\d) \| ([^|]+) \|", page, re.MULTILINE):
        rows[int(floor)] += parts
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert set(re.findall(r"`(\w+)`", rows[0])) == parts - set(FLOORS)
    for part, floor in FLOORS.items():
        assert f"`{part}`" in rows[floor]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_nothing_banned(path: Path) -> None:
    for pattern, why in BANNED.items():
        if (path.name, pattern) in EXEMPT:
            continue
        match = re.search(pattern, path.read_text(), re.MULTILINE)
        assert match is None, f"{match.group() if match else ''} {why}"


def test_no_verb_loads_a_heavy_package_to_parse_its_flags() -> None:
    code = (
        "import sys; from importlib import import_module; from kinesynth.cli import VERBS; "
        "[import_module(function.split(':')[0]) for function, _ in VERBS.values()]; "
        f"print(sorted({HEAVY} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_one_folder_touches_blender() -> None:
    of_blender = {"bpy", "gpu", "mathutils"}
    touching = {path.parent for path in SOURCES if of_blender & {name.split(".")[0] for name in imports(path)}}
    assert touching == {PACKAGE / "render" / "blender"}


def test_one_part_touches_opensim() -> None:
    """Others hold what it opens, and look into it with its functions alone."""
    door = PACKAGE / "opensim_models"
    touching = {path for path in SOURCES if "opensim" in {name.split(".")[0] for name in imports(path)}}
    assert touching
    assert all(path.is_relative_to(door) for path in touching)
    method = re.compile(r"\.(get|set|upd|init|realize|add|find|calc|compute|print)[A-Z]\w*\(")
    calling = {path for path in SOURCES if method.search(path.read_text())}
    assert calling
    assert all(path.is_relative_to(door) for path in calling)


def test_nothing_imports_tests() -> None:
    others = [path for folder in ("src", "tools", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    assert not [path for path in others if "tests" in {name.split(".")[0] for name in imports(path)}]
    on_the_path = re.compile(r"""["']tests["']""")
    assert not [path for path in others if on_the_path.search(path.read_text())]


@pytest.mark.parametrize("module", PUBLIC)
def test_public_names_are_pinned(module: str) -> None:
    found = import_module(module)
    assert found.__all__ == PUBLIC[module]
    assert all(hasattr(found, name) for name in PUBLIC[module])


def test_one_table_says_where_a_run_keeps_what_it_makes() -> None:
    files = [*SOURCES, *(ROOT / "tools").rglob("*.py"), *(ROOT / "rules").glob("*.smk")]
    spelling = [
        path.name
        for path in files
        if re.search(r"""["']f?(demo/)?stages/""", re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL))
    ]
    assert spelling == ["layout.py"]


def test_stages_take_arrays_by_their_records_fields() -> None:
    """A stage that spells another's array reads zeros or nothing when that one is renamed."""
    spelling = re.compile(r"\.arrays\[f?[\"']")
    parts = [PACKAGE / part for part in (STAGES - {"dataset"}) | {"mosh", "subjects", "body"}]
    found = [str(path) for part in parts for path in part.rglob("*.py") if spelling.search(path.read_text())]
    assert not found


def test_no_file_but_the_layout_slices_a_pose() -> None:
    spelling = re.compile(r"\[:, *(3:66|66:|75:|111:|:66)")
    assert not [str(path) for path in SOURCES if spelling.search(path.read_text())]


def test_gravity_is_one_number() -> None:
    spelling = re.compile(r"\b9\.8(0665|1)?\b")
    files = [*SOURCES, *(ROOT / "tools").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert [path.name for path in files if spelling.search(path.read_text())] == ["gravity.py"]


def test_every_rule_is_in_the_table_of_paths() -> None:
    from kinesynth.layout import FILES

    rules = "\n".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    assert set(FILES) | {"shipped_regressor"} == set(re.findall(r"^ *rule (\w+):", rules, re.MULTILINE))


def test_no_file_is_long() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "rules").glob("*.smk"), ROOT / "Snakefile"]
    long = {str(path.relative_to(ROOT)): n for path in files if (n := len(path.read_text().splitlines())) > 400}
    assert not long


def test_snakefile_is_a_table_of_contents() -> None:
    text = (ROOT / "Snakefile").read_text()
    assert len(text.splitlines()) < 50
    assert "def " not in text


def test_every_rule_is_a_verb() -> None:
    from kinesynth.cli import VERBS

    rules = {
        name: path.read_text()
        for path in (ROOT / "rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", path.read_text(), re.MULTILINE)
    }
    for name, text in rules.items():
        verb = name.replace("_", "-")
        assert verb in VERBS or "kinesynth-train" in text
        assert f"kinesynth {verb}" in text or name == "train"


def test_loader_needs_only_numpy_h5py_av() -> None:
    code = (
        "import sys; import kinesynth.dataset; "
        "heavy = {'opensim', 'bpy', 'snakemake', 'torch', 'pandas', 'scipy', 'smplx', 'anny', 'cyclopts'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_no_two_files_of_tests_are_called_alike() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name not in ("conftest.py", "__init__.py")]
    assert len(names) == len(set(names)), "pytest imports test files by their names alone"
