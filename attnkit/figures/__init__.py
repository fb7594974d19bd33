"""Pictures of attention: what attends to what, by how much, where the weighted sum comes to lie, and a model's parts.

Each function takes NumPy arrays, torch tensors on any device or nested lists, and returns a :class:`Picture`:
a matplotlib figure, drawn without pyplot, that shows itself in a notebook as SVG in the colours of
:mod:`attnkit.palette` and says in ``picture.alt`` what is to be seen, in words made from the numbers.
"""

from attnkit.figures.arrows import arrows
from attnkit.figures.bars import bars
from attnkit.figures.curves import lines
from attnkit.figures.flow import flow
from attnkit.figures.heatmap import heatmap
from attnkit.figures.maps import maps
from attnkit.figures.picture import Picture
from attnkit.figures.plane import hull

__all__ = ["Picture", "arrows", "bars", "flow", "heatmap", "hull", "lines", "maps"]
