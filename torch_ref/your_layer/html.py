"""An examination as a page: one file without scripts, which needs nothing from a network."""

import platform
import sys
from collections.abc import Callable, Iterator
from html import escape
from importlib.metadata import version

import numpy as np

from numpy_impl.validation import Array
from torch_ref.diagnosis.severity import Severity
from torch_ref.your_layer.findings import Findings
from torch_ref.your_layer.pictures import Picture
from torch_ref.your_layer.text import about, coverage, title, verdict

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 68rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1rem; }
.verdict { color: #fff; border-radius: .3rem; padding: .1rem .6rem; } .right { background: #1a7f37; }
.wrong { background: #b42318; }
.problem { border-left: .3rem solid #b42318; padding: .2rem 1rem; margin: 1rem 0; background: #fdf3f2; }
.advice { border-left: .3rem solid #9a6700; padding: .2rem 1rem; margin: 1rem 0; background: #fff8e5; }
.problem p, .advice p { margin: .2rem 0; } .where, .small { color: #555; font-size: .9rem; }
.maps { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
figure { margin: 0; } figcaption { font-size: .9rem; margin-bottom: .3rem; }
.map { border-collapse: collapse; } .map td { width: 1rem; height: 1rem; padding: 0; border: 1px solid #fff; }
.scale span { display: inline-block; width: 1rem; height: .7rem; }
table.numbers { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: .8rem; }
table.numbers th, table.numbers td { text-align: right; padding: .1rem .8rem; border-bottom: 1px solid #ddd; }
"""
BLUE, WHITE, RED = np.array([33, 102, 172]), np.array([247, 247, 247]), np.array([178, 24, 43])
GREEN, AMBER, DARK_RED = np.array([217, 240, 211]), np.array([253, 174, 97]), np.array([128, 0, 38])
DECADES_OF_ERROR = 6.0


def html_of(examination: Findings) -> str:
    return "\n".join(_page(examination)) + "\n"


def _page(examination: Findings) -> Iterator[str]:
    name, said = escape(title(examination)), escape(verdict(examination))
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}: {said}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style></head><body>"
    yield f'<h1>{name} <span class="verdict {"right" if examination.ok else "wrong"}">{said}</span></h1>'
    for problem in examination.problems:
        yield f'<div class="problem"><p><b>{escape(problem.sentence)}</b></p>'
        yield f'<p class="where">{escape(about(problem, examination))}</p></div>'
    for problem in (*examination.conventions, *examination.advice):
        what = "convention" if problem.severity is Severity.CONVENTION else "advice"
        yield f'<div class="advice"><p>{what}: {escape(problem.sentence)}</p>'
        yield f'<p class="where">{escape(about(problem, examination))}</p></div>'
    wrong = {tensor for problem in examination.problems for tensor in problem.tensor.split(", ")}
    for picture in sorted(examination.pictures, key=lambda picture: not picture.is_wrong):
        yield from _section(picture, is_suspect=picture.tensor in wrong)
    yield "<h2>What was checked</h2><ul>"
    for line in (*(f"remark: {remark}" for remark in examination.remarks), *coverage(examination)):
        yield f"<li>{escape(line)}</li>"
    versions = f"Python {platform.python_version()}, NumPy {version('numpy')}, PyTorch {version('torch')}"
    yield f'</ul><p class="small">{escape(versions)}, {escape(sys.platform)} {escape(platform.machine())}</p>'
    yield "</body></html>"


def _section(picture: Picture, *, is_suspect: bool) -> Iterator[str]:
    verdict = "wrong" if picture.is_wrong else "right in one call" if is_suspect else "right"
    yield f'<h2>{escape(picture.tensor)}: {verdict}</h2><p class="small">'
    yield f"scenario {escape(picture.scenario)} ({escape(picture.why)}), {picture.dtype}, shape {picture.shape}"
    if picture.share.size < np.prod(picture.shape, dtype=int):
        yield f"; shown is a part of it as a matrix, from row {picture.corner[0]}, column {picture.corner[1]}"
    yield "</p>"
    if picture.shape != picture.got_shape:
        yield f"<p>got shape {picture.got_shape}, expected {picture.shape}</p>"
        return
    values = np.stack([picture.got, picture.expected])
    largest = float(abs(values[np.isfinite(values)]).max(initial=0)) or 1.0
    yield '<div class="maps">'
    for caption, array in (("got", picture.got), ("expected", picture.expected)):
        yield f"<figure><figcaption>{caption}</figcaption>{_map(array, lambda v: _of_value(v, largest))}</figure>"
    yield f"<figure><figcaption>error in radii</figcaption>{_map(picture.share, _of_error)}</figure></div>"
    yield f'<p class="small scale">values from {-largest:.3g} {_scale(lambda s: _of_value(s, 1), -1, 1)} {largest:.3g};'
    yield f" error: within 1 radius {_scale(_of_error, 0, 1)}, outside, to 10<sup>6</sup> and more"
    yield f"{_scale(lambda s: _of_error(10**s), 0.01, DECADES_OF_ERROR)}; NaN is black</p>"
    yield '<table class="numbers"><tr><th>entry</th><th>got</th><th>expected</th><th>error in radii</th></tr>'
    for worst in picture.worst:
        numbers = (f"{worst.got:.9g}", f"{worst.expected:.9g}", f"{worst.share:.2g}")
        yield f"<tr><td>{worst.index}</td>{''.join(f'<td>{number}</td>' for number in numbers)}</tr>"
    yield "</table>"


def _map(array: Array, color: Callable[[float], str]) -> str:
    rows = (
        "".join(f'<td style="background:{color(float(value))}" title="{value:.9g}"></td>' for value in row)
        for row in array
    )
    return '<table class="map">' + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"


def _scale(color: Callable[[float], str], low: float, high: float) -> str:
    return "".join(f'<span style="background:{color(float(value))}"></span>' for value in np.linspace(low, high, 9))


def _of_value(value: float, largest: float) -> str:
    """Blue below 0, white at 0, red above."""
    share = float(np.clip(value / largest, -1, 1))
    return _mixed(WHITE, RED if share > 0 else BLUE, abs(share))


def _of_error(share: float) -> str:
    """Green within the radius; outside from amber to dark red, by the decade."""
    if share <= 1:
        return _mixed(np.array([247, 252, 245]), GREEN * 0.8, share)
    return _mixed(AMBER, DARK_RED, min(np.log10(share) / DECADES_OF_ERROR, 1.0))


def _mixed(one: Array, other: Array, share: float) -> str:
    if np.isnan(share):
        return "#000"
    return "#" + "".join(f"{round(float(part)):02x}" for part in one + (other - one) * share)
