"""Lines of words with a bar: a share, or what was promised beside what was measured."""

from __future__ import annotations

from html import escape


def bar_line(words: str, share: float, figure: str) -> str:
    """The line as HTML.

    Parameters
    ----------
    words : str
        What is shown; plain text.
    share : float
        The bar's share of the width, 0 to 1.
    figure : str
        What stands behind the bar.
    """
    return (
        '<div style="display:flex;gap:.75rem;align-items:center;margin:.3rem 0">'
        f'<span style="flex:0 0 46%">{escape(words)}</span>'
        '<span style="flex:1;background:var(--pp-line);border-radius:4px">'
        f'<span style="display:block;width:{100 * share:.1f}%;min-width:2px;height:.8rem;'
        'background:var(--pp-accent);border-radius:4px"></span></span>'
        f'<span style="flex:0 0 3.5rem;text-align:right">{escape(figure)}</span></div>'
    )


def promise_line(
    words: str, chance: float, allowed: float, value: float, lower: float, upper: float
) -> str:
    """A scale from 0 to 100%: what is allowed as a field, the measurement and its interval on it.

    Parameters
    ----------
    words : str
        The attack; plain text.
    chance : float
        How often it is right of people who were not learned from; the field begins here.
    allowed : float
        How often it may be right; the field ends here.
    value, lower, upper : float
        How often it was right, and the interval.
    """

    def place(share: float) -> str:
        return f"{100 * min(max(share, 0.0), 1.0):.1f}%"

    field = (
        f"left:{place(chance)};width:{place(allowed - chance)};background:var(--pp-accent);"
        "opacity:.22;top:0;bottom:0;border-radius:4px"
    )
    line = f"left:{place(lower)};width:{place(upper - lower)};top:50%;height:2px;margin-top:-1px"
    dot = f"left:{place(value)};top:50%;width:10px;height:10px;margin:-5px;border-radius:50%"
    marks = "".join(
        f'<span style="position:absolute;{style}"></span>'
        for style in (
            field,
            f"{line};background:var(--pp-accent)",
            f"{dot};background:var(--pp-accent)",
        )
    )
    return (
        '<div style="display:flex;gap:.75rem;align-items:center;margin:.4rem 0">'
        f'<span style="flex:0 0 40%">{escape(words)}</span>'
        '<span style="flex:1;position:relative;height:1.1rem;background:var(--pp-line);'
        f'border-radius:4px">{marks}</span>'
        f'<span style="flex:0 0 6.5rem;text-align:right">{value:.0%} '
        f"({100 * lower:.0f}–{100 * upper:.0f})</span></div>"
    )
