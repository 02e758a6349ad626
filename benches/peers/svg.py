"""Lines over time as an SVG, readable on a light and on a dark page."""

import dataclasses
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 230, 64, 150, 34, 34
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-weight: 600 }
  .grid { stroke: #8884; stroke-width: 1 }
  .limit { stroke: #b00; stroke-width: 1.2; stroke-dasharray: 5 4 }
  .band { fill: #8882 }
  .line { fill: none; stroke: #0663a8; stroke-width: 1.6 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd }
    .limit { stroke: #ff7b72 }
    .line { stroke: #6cb6ff }
  }
"""


@dataclasses.dataclass
class Panel:
    title: str
    points: list  # (seconds, value)
    top: float  # of the axis, which begins at 0
    unit: str = ""
    limits: dict = dataclasses.field(default_factory=dict)  # name -> value
    band: tuple = ()  # (name, from, to) in seconds

    def draw(self, offset):
        end = max((second for second, _ in self.points), default=0) or 1
        across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

        def x(second):
            return LEFT + across * second / end

        def y(value):
            return offset + TOP + down * (1 - min(value, self.top) / self.top)

        parts = [text(LEFT, offset + 20, self.title, "title")]
        if self.band:
            name, begin, until = self.band
            parts.append(f'<rect class="band" x="{x(begin):.1f}" y="{y(self.top):.1f}" '
                         f'width="{max(1, x(until) - x(begin)):.1f}" height="{down}"/>')
            parts.append(text(x(begin) + 4, y(self.top) + 14, name))
        for step in range(5):
            value = self.top * step / 4
            parts.append(line("grid", LEFT, y(value), WIDTH - RIGHT, y(value)))
            parts.append(text(LEFT - 8, y(value) + 4, f"{value:g}{self.unit}", anchor="end"))
        for step in range(5):
            second = end * step / 4
            parts.append(text(x(second), offset + HEIGHT - 12, clock(second, end), anchor="middle"))
        for name, value in self.limits.items():
            parts.append(line("limit", LEFT, y(value), WIDTH - RIGHT, y(value)))
            parts.append(text(WIDTH - RIGHT + 6, y(value) + 4, name))
        path = " ".join(f"{x(second):.1f},{y(value):.1f}" for second, value in thinned(self.points))
        parts.append(f'<polyline class="line" points="{path}"/>')
        return "\n".join(parts)


def drawn(panels):
    height = HEIGHT * len(panels)
    body = "\n".join(panel.draw(HEIGHT * index) for index, panel in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img">\n<style>{STYLE}</style>\n'
            f"{body}\n</svg>\n")


def thinned(points, most=600):
    """Means of neighbours: more points than pixels only make the line thick."""
    step = -(-len(points) // most) or 1
    groups = [points[index:index + step] for index in range(0, len(points), step)]
    return [(sum(second for second, _ in group) / len(group),
             sum(value for _, value in group) / len(group)) for group in groups]


def clock(second, end):
    return f"{round(second / 60, 1):g} min" if end > 180 else f"{second:.0f} s"


def line(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x, y, words, kind="", anchor="start"):
    attributes = f' class="{kind}"' if kind else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>'
            f"{escape(words)}</text>")
