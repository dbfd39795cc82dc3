"""Charts as SVG, drawn on the server: the pages run no script for them. Each comes in colours for light and for dark."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

NARROW_INCHES, WIDE_INCHES, HEIGHT_INCHES = 4.9, 10.0, 3.0
INCHES_PER_LABEL = 0.8
MOST_BARS = 10
LONGEST_LABEL = 34

_DRAWING = Lock()
"""Matplotlib's fonts are shared by all figures and not made for threads."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a chart. `series` are told apart without colour vision too: they differ in lightness."""

    ink: str
    soft: str
    line: str
    series: tuple[str, ...]
    limit: str


THEMES = {
    "light": Theme("#17211d", "#55625c", "#dfe4e1", ("#0f766e", "#94a39c", "#e0a030", "#b42318"), "#b42318"),
    "dark": Theme("#e8eeeb", "#aab7b1", "#2c3733", ("#2dd4bf", "#6b7a74", "#fcd34d", "#fda4a0"), "#fda4a0"),
}


def stacked(labels: Sequence[str], series: Mapping[str, Sequence[int]], theme: str, *, wide: bool) -> bytes:
    """Draw columns over time, each made of the same parts; `series` maps the name of a part to its height per column.

    A `wide` chart takes the whole page, another one half of it or the screen of a phone.
    """
    figure, axes, colours = _canvas(theme, width=WIDE_INCHES if wide else NARROW_INCHES)
    floor = [0] * len(labels)
    for (name, heights), colour in zip(series.items(), colours.series, strict=False):
        axes.bar(range(len(labels)), heights, bottom=floor, width=0.85, color=colour, label=name)
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    _time_axis(axes, labels)
    _legend(axes, colours, columns=4 if wide else 2)
    return _svg(figure)


def bars(values: Sequence[tuple[str, int]], theme: str) -> bytes:
    """Draw the largest of named values as horizontal bars, each with its number."""
    shown = list(values[:MOST_BARS])
    figure, axes, colours = _canvas(theme, height=0.7 + 0.34 * max(len(shown), 2))
    places = range(len(shown))
    axes.barh(places, [value for _, value in shown], color=colours.series[0], height=0.62)
    # names come from outside: a dollar sign must not begin a formula
    axes.set_yticks(places, [_short(name) for name, _ in shown], parse_math=False)
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    axes.grid(visible=False)
    for place, (_, value) in zip(places, shown, strict=True):
        axes.annotate(f"{value:,}", (value, place), xytext=(5, 0), textcoords="offset points", va="center", color=colours.ink)
    axes.margins(x=0.14)
    return _svg(figure)


def against_limit(labels: Sequence[str], values: Sequence[int], limit: int, limit_name: str, theme: str) -> bytes:
    """Draw columns over time with a line at what is allowed; far below it, the line is named at the top instead."""
    figure, axes, colours = _canvas(theme)
    axes.bar(range(len(labels)), values, width=0.85, color=colours.series[0])
    if max(values, default=0) * 5 >= limit:
        axes.axhline(limit, color=colours.limit, linewidth=1.5, linestyle="--")
    axes.set_title(limit_name, loc="right", fontsize=9, color=colours.limit)
    _time_axis(axes, labels)
    return _svg(figure)


def _canvas(theme: str, *, width: float = NARROW_INCHES, height: float = HEIGHT_INCHES) -> tuple[Figure, Axes, Theme]:
    colours = THEMES[theme]
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(colours.line)
    axes.tick_params(colors=colours.soft, length=0)
    axes.grid(axis="y", color=colours.line, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes, colours


def _time_axis(axes: Axes, labels: Sequence[str]) -> None:
    most = int(axes.get_figure(root=True).get_figwidth() / INCHES_PER_LABEL)  # type: ignore[union-attr]
    step = max(-(-len(labels) // most), 1)
    axes.set_xticks(range(0, len(labels), step), labels[::step])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlim(-0.6, len(labels) - 0.4)


def _legend(axes: Axes, colours: Theme, *, columns: int) -> None:
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, labelcolor=colours.ink, borderaxespad=0.2
    )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"


def _svg(figure: Figure) -> bytes:
    written = io.BytesIO()
    with _DRAWING:
        figure.savefig(written, format="svg", metadata={"Date": None}, transparent=True)
    return written.getvalue()
