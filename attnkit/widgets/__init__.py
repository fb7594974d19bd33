"""The widgets: live in JupyterLab and, from the same code, on a page without a kernel."""

from attnkit.widgets.bahdanau.alignment import Alignment
from attnkit.widgets.bottleneck.bottleneck import Bottleneck
from attnkit.widgets.frame.predict import Predict
from attnkit.widgets.luong.variants import Variants
from attnkit.widgets.masking.generation import Generation
from attnkit.widgets.masking.leak import Leak
from attnkit.widgets.masking.mask_builder import MaskBuilder
from attnkit.widgets.multi_head.ablation import Ablation
from attnkit.widgets.multi_head.heads import Heads
from attnkit.widgets.positions.clocks import Clocks
from attnkit.widgets.positions.order import Order
from attnkit.widgets.positions.rotary import Rotary
from attnkit.widgets.positions.shuffle import Shuffle
from attnkit.widgets.scoring.score_heatmap import ScoreHeatmap
from attnkit.widgets.scoring.two_vectors import TwoVectors
from attnkit.widgets.self_attention.query_key_value import QueryKeyValue
from attnkit.widgets.self_attention.scaling import Scaling
from attnkit.widgets.self_attention.self_map import SelfMap
from attnkit.widgets.transformer.ladder import Ladder
from attnkit.widgets.transformer.layers import Layers
from attnkit.widgets.weighted_sum.temperature import Temperature
from attnkit.widgets.weighted_sum.weighted_sum import WeightedSum

__all__ = [
    "Ablation",
    "Alignment",
    "Bottleneck",
    "Clocks",
    "Generation",
    "Heads",
    "Ladder",
    "Layers",
    "Leak",
    "MaskBuilder",
    "Order",
    "Predict",
    "QueryKeyValue",
    "Rotary",
    "Scaling",
    "ScoreHeatmap",
    "SelfMap",
    "Shuffle",
    "Temperature",
    "TwoVectors",
    "Variants",
    "WeightedSum",
]
