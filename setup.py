"""The installed package: which requirement belongs to which extra, and what lies in the wheel.

requirements.txt stays the one list: everything that is not an extra's is the library's own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
EXTRAS = {
    "app": ("streamlit", "plotly", "segno"),
    "portraits": (
        "torch",
        "open_clip_torch",
        "dlib-bin",
        "openvino",
        "onnxruntime",
        "safetensors",
    ),
    "cluster": ("dask", "distributed"),
    "pgmpy": ("pgmpy",),
}
"""Extra → names of requirements.txt that it has and the library alone has not."""
OPTIONAL = {"tables": ["duckdb~=2.0", "polars~=2.1"], "mesa": ["mesa~=3.3.1"]}
"""Extras of what scans the library's tables, and of what its moving people can be agents of."""


def requirements(path: Path) -> dict[str, str]:
    """Name → requirement of each line of a list."""
    lines = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("-")]
    return {line.partition("[")[0].partition("~")[0].partition("=")[0]: line for line in lines}


class WithModels(build_py):
    """What lies beside the library in the repository lies in it once installed."""

    def run(self) -> None:
        super().run()
        place = Path(self.build_lib) / "synth"
        passed = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(HERE / "models", place / "_models", ignore=passed, dirs_exist_ok=True)
        for name in ("pages", ".streamlit"):
            shutil.copytree(HERE / name, place / "_app" / name, ignore=passed, dirs_exist_ok=True)
        shutil.copy(HERE / "app.py", place / "_app" / "app.py")


ALL = requirements(HERE / "requirements.txt")
TESTS = requirements(HERE / "tests" / "requirements.txt")
TAKEN = {name for names in EXTRAS.values() for name in names}

setup(
    cmdclass={"build_py": WithModels},
    install_requires=[line for name, line in ALL.items() if name not in TAKEN],
    extras_require={
        **OPTIONAL,
        **{extra: [ALL[name] for name in names] for extra, names in EXTRAS.items()},
        "pptx": [TESTS["python-pptx"]],
        "test": [*TESTS.values()],
    },
)
