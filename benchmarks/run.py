"""Runs the benchmarks: ``python benchmarks/run.py [--quick] [--only NAME] [--json FILE]``.

Each topic runs in a fresh process, so that none inherits another's heap.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import platform
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from measure import Figure

HERE: Final = Path(__file__).resolve().parent
TOPICS: Final = (
    "throughput",
    "lifecycle",
    "flow",
    "memory",
    "growth",
    "launch",
    "catalogue",
    "clients",
    "time",
    "judging",
)
MODULES: Final = {"time": "passing_time"}
"""Where a topic's module is called otherwise: one called time would hide Python's own."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table for each topic, write the JSON file."""
    options = _options(arguments)
    # The checkout that holds this file is what is measured, installed or not.
    sys.path.insert(0, str(HERE.parent))
    machine = _machine()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    results: dict[str, list[dict[str, object]]] = {}
    for topic in options.only or TOPICS:
        figures = _in_fresh_process(topic, quick=options.quick)
        print(f"\n{topic}\n{_table(figures)}", flush=True)
        results[topic] = [figure.as_json() for figure in figures]
    whole = {"machine": machine, "quick": options.quick, "results": results}
    options.json.write_text(f"{json.dumps(whole, indent=2)}\n", encoding="utf-8")
    print(f"\nwritten: {options.json}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the simulator against bare aiohttp.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher figures")
    parser.add_argument("--only", action="append", choices=TOPICS, help="may be repeated")
    parser.add_argument(
        "--json", type=Path, default=HERE / "results.json", help="default: %(default)s"
    )
    return parser.parse_args(arguments)


def _machine() -> dict[str, object]:
    return {
        "Python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "loop": "uvloop" if find_spec("uvloop") else "asyncio",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _in_fresh_process(topic: str, *, quick: bool) -> "list[Figure]":
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        return pool.submit(measure, topic, quick=quick).result()


def measure(topic: str, *, quick: bool) -> "list[Figure]":
    """Measure one topic in this process."""
    figures: list[Figure] = importlib.import_module(MODULES.get(topic, topic)).measure(quick=quick)
    return figures


def _table(figures: "Sequence[Figure]") -> str:
    rows = [("", "figure", "unit", "bare", "ratio", "aim", ""), *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, 2, 5, 6} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(figure: "Figure") -> tuple[str, ...]:
    return (
        f"  {figure.name}",
        _number(figure.value),
        figure.unit,
        _number(figure.bare),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.aim is None else str(figure.aim),
        " ".join(filter(None, (figure.verdict, figure.note))),
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - for the eye


if __name__ == "__main__":
    main()
