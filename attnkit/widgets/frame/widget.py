"""The base class of every widget: live with a kernel, live on a page without one, and a picture without either."""

from __future__ import annotations

import html
import json
import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import anywidget
import traitlets

from attnkit.widgets.frame import bundle, weights

if TYPE_CHECKING:
    from attnkit.figures import Picture

Cell = str | float | None


class Table(NamedTuple):
    """The numbers of a widget: the first cell of each row names it; ``None`` stands for *not defined*."""

    caption: str
    columns: list[str]
    rows: list[list[Cell]]


class Widget(anywidget.AnyWidget):
    """A widget whose state lives in traits and whose numbers come from attnkit.

    A subclass names its ``module`` (the path of its ``.mjs``, as in ``"scoring/two_vectors"``), declares its state as
    traits with ``sync=True``, and writes :meth:`label`, :meth:`table` and :meth:`picture`.
    Everything else (JupyterLab, the published page, the picture without JavaScript) follows from these.
    """

    module: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # anywidget makes a subclass of its own for each instance; that one inherits.
        if "module" in vars(cls):
            cls._esm = bundle.esm(cls.module)
            cls._css = bundle.stylesheet()
        super().__init_subclass__(**kwargs)

    def __init__(self, **state: Any) -> None:
        known = self.state_names()
        for name in state:
            if name not in known:
                raise TypeError(f"{type(self).__name__} has no option {name!r}; its options are {', '.join(known)}")
        super().__init__(**state)
        self.on_msg(self._answer)

    @classmethod
    def state_names(cls) -> list[str]:
        """Return the names of the traits that make up the state, in the order in which the class declares them."""
        synced = cls.class_traits(sync=True)
        lines = (line for line in reversed(cls.__mro__) if issubclass(line, Widget))
        return [name for line in lines for name in vars(line) if name in synced and not name.startswith("_")]

    def state(self) -> dict[str, Any]:
        """Return the state as it goes to the page: plain numbers, strings and lists."""
        return {name: getattr(self, name) for name in self.state_names()}

    def label(self) -> str:
        """Return one sentence that says what is seen in the present state."""
        raise NotImplementedError

    def table(self) -> Table:
        """Return the numbers that the widget shows in the present state, computed by attnkit."""
        raise NotImplementedError

    def picture(self) -> Picture | None:
        """Return a static picture of the present state, or None where the table and the label say all."""
        raise NotImplementedError

    def translators(self) -> list[str]:
        """Return the names of the trained weights that the module loads in the page; most widgets need none."""
        return []

    def static_html(self) -> str:
        """Return the figure that the published page brings to life: picture, sentence, numbers and state."""
        # "<" never stands in the script, so no text of a reader can end it.
        state = json.dumps(self.state(), ensure_ascii=False).replace("<", "\\u003c")
        picture = self.picture()
        return (
            f'<figure class="attnkit" data-widget="{self.module}"{weights.attribute(self.translators())}>'
            f'<script type="application/json" class="ak-state">{state}</script>'
            f'<div class="ak-static ak-frame ak-{self.module.rpartition("/")[2]}">'
            f"{'' if picture is None else picture._repr_html_()}"
            f'<p class="ak-label">{html.escape(self.label())}</p>'
            f"{self._static_body()}"
            "</div></figure>"
        )

    def _answer(self, _widget: Any, question: Any, _buffers: Any) -> None:
        """Send the weights that ``weights.mjs`` asks for; they are no trait, so that no notebook stores them."""
        name = question.get("weights")
        try:
            self.send({"weights": name}, [weights.read(name)])
        except ValueError as refusal:
            self.send({"weights": name, "error": str(refusal)})

    def _static_body(self) -> str:
        return (
            '<details class="ak-numbers"><summary>Numbers</summary>'
            '<div class="ak-scroll" tabindex="0" role="group" aria-label="Numbers">'
            f"{_table(self.table())}</div></details>"
        )

    def __repr__(self) -> str:
        """Return the call that makes this widget: no address, so that stored outputs can be compared."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.state().items())})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundled = super()._repr_mimebundle_(**kwargs)
        if bundled is None:  # a closed widget has no live view
            return None
        data, metadata = bundled
        return {**data, "text/html": self.static_html()}, metadata


def _table(table: Table) -> str:
    def row(name: Cell, *cells: Cell) -> str:
        numbers = "".join(f"<td>{html.escape(number(cell))}</td>" for cell in cells)
        return f'<tr><th scope="row">{html.escape(number(name))}</th>{numbers}</tr>'

    # The corner above the rows' names is a cell, because a heading must say something.
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' if name else "<td></td>" for name in table.columns)
    body = "".join(row(*cells) for cells in table.rows)
    caption = f"<caption>{html.escape(table.caption)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def number(cell: Cell, digits: int = 3) -> str:
    """Return a cell as the reader sees it, letter for letter as ``format`` in ``dom.mjs`` writes it."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return "—"
    if cell == float("-inf"):
        return "−∞"
    if not math.isfinite(cell):
        raise ValueError(f"a cell must be text, None, −∞ or a finite number; got {cell}")
    rounded = Decimal(float(cell)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"−{-rounded}" if rounded < 0 else str(abs(rounded))


class Number(traitlets.Float):
    """A trait of one finite number within bounds; traitlets' own bounds let NaN through."""

    def __init__(self, default: float, *, low: float, high: float) -> None:
        super().__init__(default)
        self.low, self.high = low, high
        self.tag(sync=True)

    def validate(self, widget: Any, value: Any) -> float:
        """Return the value as a float, or say what was wanted."""
        number = super().validate(widget, value)
        if not self.low <= number <= self.high:
            raise traitlets.TraitError(f"{self.name} must be from {self.low:g} to {self.high:g}; got {value!r}")
        return number


class Vector(traitlets.List):
    """A trait of finite numbers within bounds; takes any sequence and stores a list of floats."""

    def __init__(self, default: Any, *, low: float, high: float, width: int | None = None) -> None:
        super().__init__(trait=traitlets.Float(), default_value=[float(x) for x in default])
        self.low, self.high, self.width = low, high, width
        self.tag(sync=True)

    def validate(self, _widget: Any, value: Any) -> list[float]:
        """Return the value as a list of floats, or say what was wanted."""
        wanted = f"{self.name} must hold {self.width or 'one or more'} numbers from {self.low:g} to {self.high:g}"
        numbers = plain(value, f"{wanted}; got {value!r}")
        if not isinstance(numbers, list) or not all(
            isinstance(x, float) and self.low <= x <= self.high for x in numbers
        ):
            raise traitlets.TraitError(f"{wanted}; got {value!r}")
        if len(numbers) != (self.width or max(1, len(numbers))):
            raise traitlets.TraitError(f"{wanted}; got {len(numbers)}")
        return numbers


class Matrix(traitlets.List):
    """A trait of rows of finite numbers within bounds, all of one width; stores lists of lists of floats."""

    def __init__(self, *, low: float, high: float, width: int | None = None) -> None:
        super().__init__(default_value=[])
        self.low, self.high, self.width = low, high, width
        self.tag(sync=True)

    def validate(self, _widget: Any, value: Any) -> list[list[float]]:
        """Return the value as rows of floats, or say what was wanted."""
        width = "" if self.width is None else f" of width {self.width}"
        wanted = f"{self.name} must hold one or more rows{width} of numbers from {self.low:g} to {self.high:g}"
        rows = plain(value, f"{wanted}; got {value!r}")
        if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
            raise traitlets.TraitError(f"{wanted}; got {value!r}")
        if {len(row) for row in rows} != {self.width or max(1, len(rows[0]))}:
            raise traitlets.TraitError(f"{wanted}; got rows of width {', '.join(str(len(row)) for row in rows)}")
        if not all(isinstance(x, float) and self.low <= x <= self.high for row in rows for x in row):
            raise traitlets.TraitError(f"{wanted}; got {value!r}")
        return rows


def plain(value: Any, complaint: str) -> Any:
    """Return numbers or nested sequences of them (NumPy and torch too) as floats and lists of floats."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(part, complaint) for part in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise traitlets.TraitError(complaint)
