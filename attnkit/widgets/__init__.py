"""The widgets: live in JupyterLab and, from the same code, on a page without a kernel."""

from attnkit.widgets.bahdanau.alignment import Alignment
from attnkit.widgets.bottleneck.bottleneck import Bottleneck
from attnkit.widgets.frame.predict import Predict
from attnkit.widgets.luong.variants import Variants
from attnkit.widgets.scoring.score_heatmap import ScoreHeatmap
from attnkit.widgets.scoring.two_vectors import TwoVectors
from attnkit.widgets.weighted_sum.temperature import Temperature
from attnkit.widgets.weighted_sum.weighted_sum import WeightedSum

__all__ = ["Alignment", "Bottleneck", "Predict", "ScoreHeatmap", "Temperature", "TwoVectors", "Variants", "WeightedSum"]
