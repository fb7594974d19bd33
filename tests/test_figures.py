"""A figure shows the numbers it was given, says them in words, follows the page's theme, and disturbs nothing else."""

import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from attnkit.figures import arrows, bars, flow, heatmap, hull, lines
from attnkit.figures.picture import INK, map_colour, on_map
from attnkit.figures.plane import _convex
from attnkit.palette import LIGHT, mix

PARTS = {"in": ("$5$", 0, 0), "look": ("self-attention", 0, 2), "add": ("+", 0, 3), "out": ("word", 1.5, 3)}
WAYS = [("in", "look", "add", "out"), ("in", (0, 1.4), (-0.4, 1.4), (-0.4, 3), "add")]
PICTURES = {
    "heatmap": lambda: heatmap([[0.25, 0.75], [-1.5, -np.inf]], ["no", "comas"], ["eat", "$5$"], title="A map"),
    "large heatmap": lambda: heatmap(np.arange(13 * 17).reshape(13, 17) - 50.0),
    "arrows": lambda: arrows({"q": [2, 1], "k2": [-1, 0.5], "pizza": [0, 0]}, title="Arrows"),
    "bars": lambda: bars([2, -1.5, -np.inf], ["the", "pizza", "<pad>"], title="Scores"),
    "hull": lambda: hull([[1, 0.2], [0.3, 1.4], [-0.8, 0.9]], [0.2, 0.5, 0.3], title="A hull"),
    "lines": lambda: lines([1, 2, 4], {"dot": ([3, 2, 1], 0.5), "cosine": ([1, 1, 1], 0)}, xlabel="d_k", ylabel="bits"),
    "flow": lambda: flow(
        PARTS, WAYS, groups={"a long name\nfor a block": ("look", "add")}, words=("in",), title="Parts"
    ),
    "long lines": lambda: lines(range(11), {"dot": (range(11), range(11))}, xlabel="epoch", ylabel="loss"),
}
EVERY = pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)


def svg_of(picture) -> ET.Element:
    return ET.fromstring(picture._repr_html_()).find("svg")


def texts_of(picture) -> list[str]:
    return [text.text for text in svg_of(picture).iter("text")]


# What a picture is on a page


@EVERY
def test_a_picture_is_one_labelled_image(draw):
    picture = draw()
    svg = svg_of(picture)
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == picture.alt
    assert len(picture.alt) > 40


@EVERY
def test_every_colour_follows_the_theme(draw):
    html = draw()._repr_html_()
    assert not re.findall(r"#[0-9a-f]{6}", re.sub(r"var\(--ak-[\w-]+, #[0-9a-f]{6}\)", "", html))
    fallbacks = re.findall(r"var\(--ak-([\w-]+), (#[0-9a-f]{6})\)", html)
    assert all(LIGHT[name.replace("-", "_")] == colour for name, colour in fallbacks)
    # matplotlib leaves black out, and what says no colour is black in the dark too
    assert all("fill: " in text.get("style") for text in svg_of(draw()).iter("text"))


@EVERY
def test_a_picture_is_the_same_each_time_and_whatever_the_reader_has_set(draw):
    html = draw()._repr_html_()
    assert draw()._repr_html_() == html
    picture = draw()
    assert picture._repr_html_() == picture._repr_html_()
    strange = {
        "font.size": 30,
        "text.color": "red",
        "axes.facecolor": "black",
        "scatter.marker": "x",
        "patch.force_edgecolor": True,
    }
    with mpl.rc_context(strange):
        assert draw()._repr_html_() == html


@EVERY
def test_nothing_in_a_picture_reaches_beyond_it(draw):
    html = draw()._repr_html_()
    assert "<style" not in html  # matplotlib's has the selector *
    assert "http" not in html
    assert "DejaVu" not in html
    ids, used = re.findall(r' id="([^"]+)"', html), re.findall(r'(?:url\(|href=")#([^")]+)', html)
    assert sorted(ids) == sorted(set(used))


def test_pictures_that_differ_share_no_id():
    one, other = ([1, 2], {"dot": ([1, 2], 0.1)}), ([1, 3], {"dot": ([1, 5], 0.1)})
    ids = [re.findall(r' id="([^"]+)"', lines(*it, xlabel="x", ylabel="y")._repr_html_()) for it in (one, other)]
    assert all(ids)
    assert not set(ids[0]) & set(ids[1])


def test_a_reader_s_words_are_text_and_not_markup():
    label = "<b>#1d232b</b> $x$ 0.123456"
    picture = bars([1.0], [label], title='"&')
    assert label in texts_of(picture)
    assert picture.alt in svg_of(picture).get("aria-label")
    assert "<b>" not in picture._repr_html_()


def test_a_picture_is_saved_as_a_file_in_right_colours(tmp_path):
    from matplotlib.image import imread

    heatmap([[0, 1]]).savefig(tmp_path / "map.png")
    pixels = {
        tuple(pixel) for pixel in (imread(tmp_path / "map.png")[..., :3] * 255).round().astype(int).reshape(-1, 3)
    }
    for colour in (map_colour(0), map_colour(1), INK["paper"]):
        assert tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) in pixels


def test_no_pyplot_is_loaded_and_no_setting_is_changed():
    code = (
        "import sys, matplotlib; before = matplotlib.rcParams.copy()\n"
        "from attnkit.figures import bars\n"
        "bars([1, 2])._repr_html_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules\n"
        "assert matplotlib.rcParams.copy() == before\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_colour_of_the_map_is_its_mix_and_stands_for_it_alone():
    assert len({*INK.values(), *(map_colour(k / 100) for k in range(-100, 101))}) == len(INK) + 202 - 1
    for share, end in ((0.37, "high"), (-0.37, "negative")):
        there, wanted = (int(colour[1:], 16) for colour in (map_colour(share), mix(LIGHT["low"], LIGHT[end], 0.37)))
        assert there ^ wanted < 8
    assert f"var(--ak-negative, {LIGHT['negative']}) 37%" in heatmap([[1, -0.37]])._repr_html_()


def test_the_text_on_a_cell_changes_sides_where_the_palette_says():
    assert [on_map(share) for share in (0, 0.59, -0.59)] == [INK["on_low"]] * 3
    assert [on_map(share) for share in (0.6, -0.6, 1)] == [INK["on_high"]] * 3


# The heatmap


def test_a_heatmap_says_its_largest_and_its_sums():
    alt = heatmap([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], ["no", "comas"], ["eat", ",", "pizza"], title="So?").alt
    assert alt == (
        "So? Heatmap, weight: 2 rows (no, comas) by 3 columns (eat, “,”, pizza). "
        "Largest in each row: no: “,” 0.70; comas: eat 0.50. Every row sums to 1."
    )
    assert "Every column sums to 1." in heatmap([[0.4, 0.9], [0.6, 0.1]]).alt
    assert "sums" not in heatmap([[0.4, 0.7], [0.6, 0.1]]).alt
    assert "row 0: 0.50 throughout" in heatmap([[0.5, 0.5]]).alt


def test_a_heatmap_writes_each_number_with_a_true_minus():
    assert {"−1.50", "0.25", "0.00"} <= set(texts_of(heatmap([[-1.5, 0.25, -0.0001]])))
    assert {"3", "−2"} <= set(texts_of(heatmap([[3, -2]])))
    assert "0.025" in texts_of(heatmap([[0.025, 0.01]]))


def test_a_masked_cell_is_hatched_and_said():
    picture = heatmap([[1.0, -np.inf], [-np.inf, -np.inf]])
    assert "−∞" in texts_of(picture)
    assert "row 1: all masked. 3 cells of 4 masked (−∞), hatched." in picture.alt
    assert picture._repr_html_().count("<pattern") == 1


def test_a_heatmap_is_signed_when_a_number_is_negative_unless_said():
    assert "--ak-negative" in heatmap([[1, -1]])._repr_html_()
    assert "--ak-negative" not in heatmap([[1, -1]], signed=False)._repr_html_()
    assert "--ak-negative" not in heatmap([[1, 0.5]])._repr_html_()


def test_a_wide_heatmap_has_a_scale_in_the_place_of_numbers():
    wide = np.linspace(-1, 3, 13)[None]
    assert {"−1", "0", "3"} <= set(texts_of(heatmap(wide, columns=list("abcdefghijklm"))))
    assert "0.33" not in texts_of(heatmap(wide))
    assert "0.33" in texts_of(heatmap(wide[:, 1:5]))
    assert "Largest: 12.00 at row 12, column 0." in heatmap(np.linspace(0.5, 12, 13)[:, None]).alt


# Bars


def test_bars_are_as_long_as_their_numbers():
    picture = bars([0.4, 0.6], ["let's", "go"])
    short, long = (patch.get_width() for patch in picture.axes[0].patches)
    assert long / short == pytest.approx(1.5)
    assert picture.alt == "Bar chart, weight: let's 0.40, go 0.60. Sum: 1.00."


def test_bars_run_left_below_zero_and_a_masked_key_has_none():
    picture = bars([2, -1, -np.inf], ["a", "b", "<pad>"], what="score")
    assert [np.sign(patch.get_width()) for patch in picture.axes[0].patches] == [1, -1, 0]
    assert picture.alt == "Bar chart, score: a 2, b −1, <pad> masked (−∞)."


# The hull


def test_a_hull_says_where_the_weighted_sum_lies():
    alt = hull([[1, 0], [0, 2], [3, 3]], [0.5, 0.25, 0.25], labels=["let's", "go", "."]).alt
    assert alt.startswith("3 value vectors in the plane: let's (1, 0) weight 0.50, go (0, 2) weight 0.25, “.” (3, 3)")
    assert "The weighted sum is (1.25, 1.25). The weights sum to 1, so it lies in the convex hull" in alt
    assert "The weights sum to 1.5, not to 1, so it need not lie" in hull([[1, 0], [0, 2]], [0.5, 1]).alt


@pytest.mark.parametrize(
    ("points", "corners"),
    [
        ([[2, 1]], {(2, 1)}),
        ([[0, 0], [0, 0]], {(0, 0)}),
        ([[1, 2], [3, 5]], {(1, 2), (3, 5)}),
        ([[2, 2], [1, 1], [3, 3]], {(1, 1), (3, 3)}),
        ([[0, 0], [2, 0], [1, 1], [2, 2], [0, 2], [1, 0]], {(0, 0), (2, 0), (2, 2), (0, 2)}),
    ],
)
def test_the_corners_are_those_of_the_convex_hull(points, corners):
    found = _convex(np.array(points, dtype=float))
    assert set(map(tuple, found)) == corners
    assert len(found) == len(corners)
    assert len(hull(points, np.full(len(points), 1 / len(points))).alt) > 40  # and they can be drawn


def test_the_points_and_the_sum_lie_where_they_should():
    picture = hull([[0, 0], [4, 0], [0, 4]], [0.5, 0.25, 0.25])
    values, output = (marks.get_offsets() for marks in picture.axes[0].collections)
    assert np.allclose(output[0], values.T @ [0.5, 0.25, 0.25])
    assert values[2][1] < values[0][1]  # up in the plane is up on the page
    sizes = picture.axes[0].collections[0].get_sizes()
    assert sizes[0] > sizes[1] == sizes[2]


def test_equal_vectors_share_a_label():
    assert "the 0.25, the 0.25" in texts_of(
        hull([[1, 1], [1, 1], [2, 0]], [0.25, 0.25, 0.5], labels=["the", "the", "dog"])
    )


# Lines


def test_lines_say_their_course_and_are_named_at_their_ends():
    picture = lines([1, 2, 4], {"dot": ([0.2, 0.9, 0.5], 0.1), "cosine": ([1, 1, 1], 0)}, xlabel="d_k", ylabel="bits")
    assert picture.alt == (
        "Line chart of bits against d_k, from 1 to 4: dot goes from 0.20 to 0.50, highest 0.90 at 2, "
        "give or take at most 0.10; cosine goes from 1.00 to 1.00."
    )
    assert {"dot", "cosine", "d_k", "bits", "1", "2", "4"} <= set(texts_of(picture))


def test_curves_differ_in_marker_and_in_dash():
    curves = {str(n): ([n, n + 1], 0) for n in range(6)}
    drawn = lines([1, 2], curves, xlabel="x", ylabel="y").axes[0].lines
    assert len({line.get_marker() for line in drawn}) == 6
    assert len({str(line._unscaled_dash_pattern) for line in drawn}) == 6


def test_names_of_curves_that_end_together_stand_apart():
    picture = lines([1, 2], {name: ([0, 1], 0) for name in "abc"}, xlabel="x", ylabel="y")
    heights = {t.text: float(t.get("y")) for t in svg_of(picture).iter("text") if t.text in "abc"}
    gaps = np.diff(sorted(heights.values()))
    assert len(heights) == 3
    assert gaps.min() > 16


def test_a_logarithmic_axis_spaces_doublings_evenly():
    x = [1, 2, 4]
    picture = lines(x, {"dot": ([1, 2, 3], 0)}, xlabel="d_k", ylabel="bits", logx=True)
    places = [float(t.get("x")) for t in svg_of(picture).iter("text") if t.text in {"1", "2", "4"}][:3]
    assert np.diff(places)[0] == pytest.approx(np.diff(places)[1], abs=0.1)


# What may come in


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int64"])
def test_torch_tensors_numpy_arrays_and_lists_give_the_same_picture(dtype):
    torch = pytest.importorskip("torch")
    matrix = [[2, 1, 0.5 if "float" in dtype else 3]]
    tensor = torch.tensor(matrix, dtype=getattr(torch, dtype), requires_grad="float" in dtype)
    assert heatmap(tensor)._repr_html_() == heatmap(np.array(matrix))._repr_html_() == heatmap(matrix)._repr_html_()
    assert hull(torch.eye(2, requires_grad=True), [0.5, 0.5]).alt == hull([[1, 0], [0, 1]], [0.5, 0.5]).alt


def test_a_list_of_tensors_with_gradients_is_refused_with_a_sentence():
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="values must be numbers"):
        bars([torch.ones((), requires_grad=True), torch.ones(())])


def test_what_comes_in_stays_as_it_was():
    matrix = np.array([[1.0, -np.inf], [2.0, 3.0]])
    before = matrix.copy()
    heatmap(matrix)
    assert np.array_equal(matrix, before)


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: heatmap([1, 2, 3]), r"matrix must have shape \(n_rows, n_columns\).*got \(3,\)"),
        (lambda: heatmap(np.zeros((0, 5))), r"matrix must have shape.*got \(0, 5\)"),
        (lambda: heatmap([[1, 2], [3]]), "matrix must be numbers"),
        (lambda: heatmap([["a", "b"]]), "matrix must be numbers"),
        (lambda: heatmap([[1j]]), "matrix must be numbers"),
        (lambda: heatmap([[0, np.nan]]), r"matrix must be finite, or −∞ where masked; got nan at \(0, 1\)"),
        (lambda: heatmap([[np.inf]]), "got inf"),
        (lambda: heatmap([[1, 2]], rows=["a", "b"]), "rows must hold 1 labels; got 2"),
        (lambda: heatmap([[1, 2]], columns="ab"), "columns must be a list of 2 words; got the one string 'ab'"),
        (lambda: bars([[1, 2]]), r"values must have shape \(n_keys,\).*got \(1, 2\)"),
        (lambda: bars([1, 2], ["a"]), "labels must hold 2 labels; got 1"),
        (lambda: hull([[1, 2, 3]], [1]), r"values must have shape \(n_keys, 2\).*got \(1, 3\)"),
        (lambda: hull([[1, 2]], [0.5, 0.5]), r"weights must have shape \(n_keys=1,\).*got \(2,\)"),
        (lambda: hull([[1, 2], [0, 1]], [1.5, -0.5]), "weights must not be negative; got -0.5"),
        (lambda: hull([[1, -np.inf]], [1]), "values must be finite; got -inf"),
        (lambda: lines([2, 1], {"a": ([1, 2], 0)}, xlabel="x", ylabel="y"), "x must rise"),
        (lambda: lines([0, 1], {"a": ([1, 2], 0)}, xlabel="x", ylabel="y", logx=True), "x must rise and be positive"),
        (lambda: lines([1, 2], {}, xlabel="x", ylabel="y"), "curves must be 1 to 6"),
        (lambda: lines([1, 2], {"a": [1, 2, 3]}, xlabel="x", ylabel="y"), "'a' must be a pair"),
        (lambda: lines([1, 2], {"a": ([1, 2, 3], 0)}, xlabel="x", ylabel="y"), r"mean of 'a' must.*n_points=2.*\(3,\)"),
        (lambda: lines([1, 2], {"a": ([1, 2], -1)}, xlabel="x", ylabel="y"), "spread of 'a' must not be negative"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(draw, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw()


# Arrows


def test_arrows_say_where_they_point_and_the_angle_between_two():
    assert arrows({"q": [1, 0], "k": [-1, 1]}).alt == (
        "2 arrows from the origin: q (1, 0), k (−1, 1). Between q and k are 135 degrees."
    )
    assert "degrees" not in arrows({"q": [1, 0], "k": [0, 0]}).alt
    assert arrows({"q": [3, 4]}).alt == "1 arrow from the origin: q (3, 4)."


def test_an_arrow_takes_its_colour_from_its_name():
    html = arrows({"k2": [1, 2]})._repr_html_()
    assert "--ak-key" in html
    assert "--ak-query" not in html


@pytest.mark.parametrize(
    ("vectors", "words"),
    [
        ({}, "at least one vector"),
        ({"q": [1, 2, 3]}, r"q must have shape \(2,\)"),
        ({"q": [np.nan, 1]}, "must be finite"),
    ],
)
def test_arrows_refuse(vectors, words):
    with pytest.raises(ValueError, match=words):
        arrows(vectors)


# The parts of a model


def test_a_flow_says_its_ways_and_where_they_enter_a_group():
    picture = flow(PARTS, WAYS, groups={"encoder\nblock": ("look", "add")}, words=("in",))
    assert picture.alt == ("Diagram: $5$ to self-attention (encoder block) to “+” to word; $5$ to “+” (encoder block).")


def test_an_arrow_leads_from_edge_to_edge_and_turns_at_its_corners():
    [axes] = flow(PARTS, [*WAYS, ("out", "look")], words=("in",), column=100).axes
    outlines = [patch for patch in axes.patches if isinstance(patch, (Circle, FancyBboxPatch))]
    assert [type(patch) for patch in outlines] == [FancyBboxPatch, Circle, FancyBboxPatch]  # "in" is bare
    look, add, out = [patch.get_path().transformed(patch.get_patch_transform()).get_extents() for patch in outlines]
    ways = [patch.get_path().vertices for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    ways = [way[:n] for way, n in zip(ways, (2, 2, 2, 5, 2), strict=True)]  # then come the heads
    to_look, to_add, to_out, past, oblique = ways
    assert to_look[-1] == pytest.approx([0, look.y0 - 2], abs=1)
    assert to_add[0] == pytest.approx([0, look.y1 + 2], abs=1)
    assert to_add[-1] == pytest.approx([0, add.y0 - 2], abs=1)
    assert to_out[0] == pytest.approx([add.x1 + 2, add.y0 + 11], abs=1)
    assert to_out[-1] == pytest.approx([out.x0 - 2, add.y0 + 11], abs=1)
    bend = look.y0 + 15 - 0.6 * 46
    assert past[1:3] == pytest.approx(np.array([[0, bend], [-40, bend]]))
    assert past[-1] == pytest.approx([add.x0 - 2, add.y0 + 11], abs=1)
    assert oblique[0][0] == pytest.approx(out.x0 - 2)  # where the line meets the box first
    assert out.y0 < oblique[0][1] < out.y1


def test_the_boxes_of_a_group_are_equally_wide_and_inside_of_its_frame():
    parts = {"a": ("narrow", 0, 0), "b": ("much, much wider", 0, 1), "c": ("+", 0, 2), "d": ("alone", 0, 4)}
    [axes] = flow(parts, [], groups={"g": "abc"}).axes
    frame, a, b, c, d = [patch.get_window_extent() for patch in axes.patches]
    assert a.width == pytest.approx(b.width)
    assert d.width < a.width
    for box in (a, b, c):
        assert frame.x0 < box.x0 < box.x1 < frame.x1
        assert frame.y0 < box.y0 < box.y1 < frame.y1
    assert d.y1 < frame.y0


@pytest.mark.parametrize(
    ("ways", "options", "words"),
    [
        ([("in",)], {}, r"from a part to a part; got \('in',\)"),
        ([("in", (0, 1))], {}, "from a part to a part"),
        ([("in", "exit")], {}, "must name parts, in, look, add, out; got exit"),
        ([], {"words": ["bin"]}, "got bin"),
        ([], {"groups": {"block": ["box"]}}, "got box"),
        ([], {"groups": {"block": []}}, "at least one part; got none in 'block'"),
        ([("in", (0, 0), "look")], {}, "must move at each step"),
    ],
)
def test_flow_refuses(ways, options, words):
    with pytest.raises(ValueError, match=words):
        flow(PARTS, ways, **options)


def test_flow_refuses_nothing():
    with pytest.raises(ValueError, match="at least one part; got none"):
        flow({}, [])


def test_a_curve_has_its_name_where_it_ends():
    axes = lines([0, 1], {"low": ([5, 1], 0), "high": ([5, 9], 0)}, xlabel="x", ylabel="y").axes[0]
    names = {text.get_text(): text.xy[1] for text in axes.texts}
    axes.figure.draw_without_rendering()  # the limits as they are drawn
    for name, end in {"low": 1, "high": 9}.items():
        height = axes.transAxes.inverted().transform(axes.transData.transform((1, end)))[1]
        assert names[name] == pytest.approx(240 * height, abs=0.5)
