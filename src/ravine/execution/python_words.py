"""The translation of reports for Python: sentences name keywords, `drop`, in place of flags, `--drop`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ravine.errors import in_python
from ravine.render.blocks import Block, Heading, Item, Items, Paragraph

__all__ = ["in_python_words"]


def in_python_words(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a report with Python keywords in place of command-line flags.

    Paragraphs, lists and the notes of headings change. Commands, tables and other blocks stay.
    """
    return [_block(block) for block in blocks]


def _block(block: Block) -> Block:
    if isinstance(block, Paragraph):
        return replace(block, text=in_python(block.text))
    if isinstance(block, Heading):
        return replace(block, notes=[in_python(note) for note in block.notes])
    if isinstance(block, Items):
        return replace(block, items=[_item(item) for item in block.items])
    return block


def _item(item: str | Item) -> str | Item:
    if isinstance(item, str):
        return in_python(item)
    return replace(item, text=in_python(item.text))
