"""The laboratory of the generated cases."""

import pytest
from variant import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("lab"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Set those apart that fit a body to a case; readers and verdicts are tested with all else."""
    for item in items:
        quick = item.path.name == "test_verdicts.py" or item.name.startswith("test_read")
        if item.path.parent.name == "cases" and not quick:
            item.add_marker("cases")
