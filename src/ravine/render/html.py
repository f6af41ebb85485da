"""A report, which is a list of blocks such as tables, as static HTML for a notebook or a page.

The HTML has no scripts, and its own style for light and dark pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ravine.render.blocks import (
    Block,
    Chart,
    Commands,
    Facts,
    Files,
    Heading,
    Item,
    Items,
    Paragraph,
    Sparklines,
    Steps,
    Table,
)
from ravine.render.cells import printable
from ravine.render.schedule_curve import schedule_lines
from ravine.render.sparkline import sparkline_lines
from ravine.render.svg import chart_svg

__all__ = ["html"]

CURVE_COLUMNS = 96  # of text, in which curves are svg
STYLE = """
.ravine{--ink:#1a1a1a;--dim:#595959;--line:#d0d0d0;--warning:#8a5a00;--error:#b3261e;
color:var(--ink);font:14px/1.45 system-ui,sans-serif;max-width:62em}
@media (prefers-color-scheme:dark){.ravine{--ink:#e6e6e6;--dim:#a6a6a6;--line:#4a4a4a;--warning:#e6b450;
--error:#ff8a80}}
.ravine h3{font-size:1.15em;margin:0 0 .2em}.ravine h4{font-size:1em;margin:1em 0 .2em}
.ravine p{margin:.5em 0}.ravine .dim{color:var(--dim)}.ravine .strong{font-weight:600}
.ravine .warning{color:var(--warning)}.ravine .error{color:var(--error)}
.ravine .scroll{overflow-x:auto}.ravine table{border-collapse:collapse;margin:.5em 0;color:inherit}
.ravine th,.ravine td{padding:.1em .7em .1em 0;text-align:right;white-space:pre;background:none;
font-variant-numeric:tabular-nums}
.ravine th{color:var(--dim);font-weight:400}.ravine .left{text-align:left}.ravine .wide{white-space:pre-wrap}
.ravine .ruled td{border-top:1px solid var(--line)}
.ravine dl{display:grid;grid-template-columns:max-content auto;gap:.1em 1em;margin:.5em 0}
.ravine dt{color:var(--dim);font-weight:400}.ravine dd{margin:0}
.ravine pre,.ravine code{font-family:ui-monospace,monospace;background:none;color:inherit}
.ravine pre{margin:.3em 0;line-height:1.2;overflow-x:auto}
.ravine svg{max-width:100%;width:640px;font-size:12px}.ravine svg text{fill:var(--ink)}
.ravine svg path{fill:none;stroke-width:1.5}.ravine svg .curve{stroke-width:2}
.ravine svg .axis,.ravine svg .mark{stroke:var(--dim)}.ravine svg .mark{stroke-dasharray:4 3}
.ravine svg .grid{stroke:var(--line);stroke-width:.5}
"""


def html(blocks: Sequence[Block]) -> str:
    """Return a report (list of blocks) as one HTML element `<div>` with its style. All text is escaped."""
    body = "\n".join(filter(None, map(_block, blocks)))
    return f'<div class="ravine"><style>{STYLE}</style>\n{body}\n</div>'


def _block(block: Block) -> str:
    match block:
        case Heading():
            notes = "".join(_element("p", note, "dim") for note in block.notes)
            return _element("h3", block.text) + notes
        case Paragraph():
            return _element("p", block.text, block.tone) if block.text else ""
        case Items():
            return _items(block)
        case Facts():
            return _title(block.title) + _definitions(block.rows) if block.rows else ""
        case Table():
            return _table(block)
        case Sparklines():
            return _lines(sparkline_lines(block, CURVE_COLUMNS), block.title)
        case Steps():
            return _lines(schedule_lines(block, CURVE_COLUMNS), block.title)
        case Chart():
            return _chart(block)
        case Files():
            return _definitions(block.rows, code=True) if block.rows else ""
        case Commands():
            return _title(block.title) * bool(block.rows) + "".join(
                _element("p", purpose) + f"<pre><code>{_escaped(command)}</code></pre>"
                for purpose, command in block.rows
            )


def _escaped(text: str) -> str:
    return escape(printable(text))


def _element(name: str, text: str, tone: str = "normal") -> str:
    kind = f' class="{escape(tone)}"' if tone != "normal" else ""
    return f"<{name}{kind}>{_escaped(text)}</{name}>"


def _title(text: str) -> str:
    return _element("h4", text) if text else ""


def _items(block: Items) -> str:
    if not block.items:
        return ""
    items = [item if isinstance(item, Item) else Item(item, tone=block.tone) for item in block.items]
    name = {"bullet": "li", "number": "li", "plain": "div"}[block.style]
    shown = ""
    for item in items:
        details = "".join(_element("div", detail) for detail in item.details)
        kind = f' class="{escape(item.tone)}"' if item.tone != "normal" else ""
        shown += f"<{name}><span{kind}>{_escaped(item.text)}</span>{details}</{name}>"
    list_name = {"bullet": "ul", "number": "ol", "plain": "div"}[block.style]
    return f"{_title(block.title)}<{list_name}>{shown}</{list_name}>"


def _definitions(rows: Sequence[tuple[str, str]], code: bool = False) -> str:
    left, right = ("<code>", "</code>") if code else ("", "")
    shown = "".join(f"{_element('dt', name)}<dd>{left}{_escaped(text)}{right}</dd>" for name, text in rows)
    return f"<dl>{shown}</dl>"


def _table(block: Table) -> str:
    if not block.height:
        return ""
    kinds = [
        " ".join(filter(None, ("left" * (column.align == "left"), "wide" * bool(column.wrap))))
        for column in block.columns
    ]
    heads = [" ".join(filter(None, (column.title, column.unit))) for column in block.columns]
    head = f"<thead>{_row('th', heads, kinds)}</thead>" if any(heads) else ""
    rows = ""
    for k in range(block.height):
        tones = ["ruled" * (k in block.rules), "strong" * (k in block.strong), "error" * (k in block.errors)]
        tone = " ".join(filter(None, tones))
        rows += _row("td", [column.texts[k] for column in block.columns], kinds, tone)
    notes = [block.note, *(f"{part.title}: {part.meaning}" for part in block.columns if part.meaning)]
    note = "".join(_element("p", text, "dim") for text in notes if text)
    return f'{_title(block.title)}<div class="scroll"><table>{head}<tbody>{rows}</tbody></table></div>{note}'


def _row(name: str, texts: Sequence[str], kinds: Sequence[str], tone: str = "") -> str:
    row = "".join(
        f'<{name} class="{kind}">{_escaped(text)}</{name}>' if kind else f"<{name}>{_escaped(text)}</{name}>"
        for text, kind in zip(texts, kinds, strict=True)
    )
    return f'<tr class="{tone}">{row}</tr>' if tone else f"<tr>{row}</tr>"


def _lines(lines: Sequence[str], title: str) -> str:
    """Return lines of text as HTML in a font of fixed width."""
    return f'<pre aria-label="{_escaped(title)}">{chr(10).join(map(_escaped, lines))}</pre>' if lines else ""


def _chart(block: Chart) -> str:
    svg = chart_svg(block)
    return _title(block.title) + svg if svg else ""
