"""A deck as PPTX: cards as pictures, bars as charts of PowerPoint's own, notes below the slides.

python-pptx is an extra: ``pip install "populace[pptx]"``.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from synth.errors import PopulaceError
from synth.people.cards.png import card_png
from synth.people.profile import NOTICE
from synth.talk.deck import (
    Areas,
    Bars,
    Block,
    Deck,
    Faces,
    Figures,
    Graph,
    Intervals,
    Matrix,
    People,
)

_WIDE, _HIGH, _TOP, _EDGE = 13.333, 7.5, 1.55, 0.5  # inches
_QUIET, _ACCENT = (0xB3, 0xA6, 0x92), (0xB4, 0x53, 0x2A)
_COLOURS = (_QUIET, _ACCENT, (0x3F, 0x71, 0x6B), (0x52, 0x62, 0x8A), (0x8D, 0x6B, 0x1F))

_Box = tuple[float, float, float, float]


def to_pptx(deck: Deck) -> bytes:
    """The deck as a PPTX file.

    Raises
    ------
    PopulaceError
        python-pptx is not installed.
    """
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError as error:
        raise PopulaceError(
            'PPTX files need python-pptx: `pip install "populace[pptx]"`, or take the HTML page.'
        ) from error
    whole = Presentation()
    whole.slide_width, whole.slide_height = Inches(_WIDE), Inches(_HIGH)
    whole.core_properties.title, whole.core_properties.comments = deck.title, NOTICE
    for sheet in deck.sheets:
        page = whole.slides.add_slide(whole.slide_layouts[5])  # a title alone
        title = page.shapes.title
        title.left, title.top = Inches(_EDGE), Inches(0.3)
        title.width, title.height = Inches(_WIDE - 2 * _EDGE), Inches(0.8)
        _write(title, sheet.title, 30, bold=True)
        if sheet.line:
            _text(page, sheet.line, (_EDGE, 1.05, _WIDE - 2 * _EDGE, 0.4), 14)
        for block, box in zip(sheet.blocks, _boxes(len(sheet.blocks)), strict=True):
            _draw(page, block, box)
        _text(page, NOTICE, (_EDGE, _HIGH - 0.4, _WIDE - 2 * _EDGE, 0.3), 10)
        if sheet.notes:
            page.notes_slide.notes_text_frame.text = sheet.notes
    out = BytesIO()
    whole.save(out)
    return out.getvalue()


def _boxes(count: int) -> list[_Box]:
    """Places of so many blocks: left, top, width, height in inches."""
    columns = 1 if count == 1 else 2 if count <= 4 else 3
    rows = -(-count // columns)
    width, height = (_WIDE - 2 * _EDGE) / columns, (_HIGH - _TOP - 0.45) / rows
    return [
        (_EDGE + i % columns * width, _TOP + i // columns * height, width - 0.1, height - 0.05)
        for i in range(count)
    ]


def _draw(page: Any, block: Block, box: _Box) -> None:
    if isinstance(block, People):
        _pictures(page, [card_png(each) for each in block.profiles], box, rows=1)
    elif isinstance(block, Faces):
        _pictures(page, list(block.images), box, rows=4)
    elif isinstance(block, Bars):
        _chart(page, block, box)
    elif isinstance(block, Matrix):
        _pictures(page, [_matrix(block)], box, rows=1)
    elif isinstance(block, Graph):
        _pictures(page, [_graph(block)], box, rows=1)
    elif isinstance(block, Areas):
        _areas(page, block, box)
    elif isinstance(block, Intervals):
        _chart(page, _as_bars(block), box)
    elif isinstance(block, Figures):
        _figures(page, block, box)
    else:
        _text(page, block.words, box, 20)


def _pictures(page: Any, images: list[bytes], box: _Box, rows: int) -> None:
    from pptx.util import Inches

    left, top, width, height = box
    columns = -(-len(images) // rows)
    wide, high = width / columns - 0.08, height / rows - 0.08
    for i, data in enumerate(images):
        with Image.open(BytesIO(data)) as image:
            ratio, smaller = image.width / image.height, BytesIO()
            image.convert("RGB").save(smaller, "JPEG", quality=88)
        shown = min(wide, high * ratio)
        page.shapes.add_picture(
            smaller,
            Inches(left + i % columns * width / columns),
            Inches(top + i // columns * height / rows),
            width=Inches(shown),
        )


def _chart(page: Any, block: Bars, box: _Box) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
    from pptx.util import Inches, Pt

    formats = {"%": "0.0%", "of 100": "0"}
    data = CategoryChartData(number_format=formats.get(block.unit, "0.00"))
    data.categories = block.labels
    for name, values in block.series:
        data.add_series(name, values)
    chart = page.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *map(Inches, box), data).chart
    chart.font.size = Pt(11)
    chart.has_title = True
    chart.chart_title.text_frame.text = block.title
    chart.chart_title.text_frame.paragraphs[0].runs[0].font.size = Pt(13)
    chart.has_legend = len(block.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.category_axis.reverse_order = True
    chart.value_axis.has_major_gridlines = False
    chart.value_axis.minimum_scale = 0
    colours = _COLOURS[1:2] if len(block.series) == 1 else _COLOURS
    for series, colour in zip(chart.plots[0].series, colours, strict=False):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor(*colour)


def _as_bars(block: Intervals) -> Bars:
    """PowerPoint's charts have no uneven intervals: these stand in the labels."""
    shown = [
        (label, value, low, high) for label, value, low, high in block.rows if value is not None
    ]
    labels = tuple(f"{label} ({low:.0%} to {high:.0%})" for label, _, low, high in shown)
    series = [(block.title, tuple(value for _, value, _, _ in shown))]
    if block.mark is not None:
        series.insert(0, (block.mark_title, (block.mark,) * len(shown)))
    return Bars(block.title, labels, tuple(series))


def _areas(page: Any, block: Areas, box: _Box) -> None:
    from pptx.chart.data import CategoryChartData
    from pptx.dml.color import RGBColor
    from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
    from pptx.util import Inches, Pt

    data = CategoryChartData(number_format="0%")
    data.categories = block.labels
    for name, _, values in block.series:
        data.add_series(name, values)
    chart = page.shapes.add_chart(XL_CHART_TYPE.AREA_STACKED, *map(Inches, box), data).chart
    chart.font.size = Pt(11)
    chart.has_title, chart.has_legend = True, True
    chart.chart_title.text_frame.text = block.title
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.value_axis.maximum_scale, chart.value_axis.has_major_gridlines = 1.0, False
    for series, (_, colour, _) in zip(chart.plots[0].series, block.series, strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = RGBColor.from_string(colour.lstrip("#"))


def _figures(page: Any, block: Figures, box: _Box) -> None:
    from pptx.util import Inches

    left, top, width, _ = box
    rows = (block.columns, *block.rows)
    high = 0.38 * len(rows)
    place = map(Inches, (left, top + 0.5, width, high))
    table = page.shapes.add_table(len(rows), len(block.columns), *place).table
    table.columns[0].width = Inches(0.5 * width)
    for column in range(1, len(block.columns)):
        table.columns[column].width = Inches(0.5 * width / (len(block.columns) - 1))
    for i, row in enumerate(rows):
        for j, words in enumerate(row):
            _write(table.cell(i, j), words, 12, bold=i == 0)
    _text(page, block.title, (left, top, width, 0.4), 13)


def _graph(block: Graph) -> bytes:
    """A picture of the boxes and arrows."""
    from PIL import ImageDraw, ImageFont

    scale, edge = 2, 10
    width, height = (round(scale * each) + 2 * edge for each in block.size)
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(21)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return scale * point[0] + edge, scale * point[1] + edge

    for points, strength in block.arrows:
        draw.line([at(p) for p in points], _QUIET, max(1, round(scale * (0.7 + 4 * strength))))
        x, y = at(points[-1])
        draw.polygon([(x - 8, y - 12), (x + 8, y - 12), (x, y)], _QUIET)
    wide, high = (scale * each / 2 for each in block.box)
    for label, place, share in block.nodes:
        x, y = at(place)
        colour = tuple(round(255 + (c - 255) * 0.75 * share) for c in _ACCENT)
        draw.rounded_rectangle((x - wide, y - high, x + wide, y + high), 10, colour, "#b3a692")
        draw.text((x, y), label, fill="black", font=font, anchor="mm")
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _matrix(block: Matrix) -> bytes:
    """A picture of the square, with its labels."""
    from PIL import ImageDraw, ImageFont

    cell, left, top = 30, 260, 50
    count = len(block.labels)
    image = Image.new("RGB", (left + cell * count + 10, top + cell * count + 10), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(18)
    draw.text((left, 12), block.title, fill="black", font=ImageFont.load_default(24))
    for i, label in enumerate(block.labels):
        y = top + i * cell
        draw.text((left - 8, y + cell / 2), label[:26], fill="black", font=font, anchor="rm")
        for j in range(count):
            value = 0.0 if i == j else min(1.0, max(0.0, float(block.values[i, j])))
            colour = tuple(round(255 + (c - 255) * value) for c in _ACCENT)
            x = left + j * cell
            draw.rectangle((x, y, x + cell - 2, y + cell - 2), fill=colour, outline="#e4ddd1")
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _text(page: Any, words: str, box: _Box, size: int) -> None:
    from pptx.util import Inches

    _write(page.shapes.add_textbox(*map(Inches, box)), words, size)


def _write(shape: Any, words: str, size: int, *, bold: bool = False) -> None:
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Pt

    frame = shape.text_frame
    frame.word_wrap = True
    frame.text = words
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(size), bold
