"""How the help of a command is laid out: options under headings, examples below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ravine.options.fields import SECTIONS

__all__ = ["Command"]


class Command(click.Command):
    """A command whose help lists options under headings, with examples below."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {section: [] for section in SECTIONS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx) if isinstance(parameter, click.Option) else None
            if record:
                rows[getattr(parameter, "section", "Output")].append(record)
        for section, records in rows.items():
            if records:
                with formatter.section(section):
                    formatter.write_dl(records, col_max=32)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples as they are typed, and the other ways to set an option."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")
        if any(parameter.name == "config" for parameter in self.params):
            formatter.write_paragraph()
            formatter.write_text(
                "Every option may also be set by RAVINE_NAME in the environment, in the file of -c, or under "
                "[tool.ravine] in pyproject.toml; the first of these wins."
            )
