"""Plot styles: distinct for the rules of the lecture, the next free one for others."""

from ravine.optimizers import RULES, resolve
from ravine.optimizers.plot_style import CYCLE, PlotStyle, plot_styles


def test_styles_of_the_lectures_rules_are_distinct():
    styles = plot_styles({name: rule.style for name, rule in RULES.items()})
    for part in ("light", "dark"):
        assert len({getattr(style, part) for style in styles.values()}) == len(RULES)
    own = [rule.style for rule in RULES.values() if rule.style is not None]
    assert not set(own) & set(CYCLE)
    assert len({style.dash for style in own}) == len({style.marker for style in own}) == len(own)


def test_a_rule_without_a_style_gets_the_next_free_one():
    lions = [resolve(f"optax:lion(b1=0.{k})") for k in range(1, len(CYCLE) + 2)]
    styles = list(plot_styles({rule.name: rule.style for rule in [resolve("sgd"), *lions]}).values())
    assert styles == [resolve("sgd").style, *CYCLE, CYCLE[0]]
    assert all(isinstance(style, PlotStyle) for style in styles)
