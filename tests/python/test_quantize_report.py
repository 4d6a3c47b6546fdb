"""The report of picabia quantize: one page that needs nothing else, and the same numbers as JSON."""

import base64
import html.parser
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from pictures import psnr
from quantizing import nodes, read_graph

CONVOLUTIONS = ("Conv2D", "Conv2DBackpropInput")


class Page(html.parser.HTMLParser):
    """Checks that tags close in order, and collects what the page refers to."""

    def __init__(self):
        super().__init__()
        self.open, self.sources, self.rows = [], [], 0

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.sources += [values[key] for key in ("src", "href") if key in values]
        self.rows += tag == "tr"
        if tag not in {"meta", "img", "br", "line"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def report(picabia, style, examples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    done = picabia("quantize", style, "-o", folder / "out.pb", "--calibration", examples, "--size", "96x96",
                   "--algorithm", "percentile", "--report", folder / "a/b", "--json")
    assert done.returncode == 0, done.stderr
    text = (folder / "a/b/report.html").read_text()
    return text, json.loads((folder / "a/b/report.json").read_text()), json.loads(done.stdout)


def test_the_page_is_whole_and_alone(report):
    text, data, _ = report
    page = Page()
    page.feed(text)
    assert page.open == [] and page.rows == len(data["layers"]) + 1 + len(data["record"])
    assert len(page.sources) == 3 and all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert "<script" not in text and "http" not in text and "nan" not in text


def test_the_pictures_are_what_the_psnr_says(report):
    text, data, _ = report
    pngs = re.findall(r"base64,([^\"]+)", text)
    float_picture, quantized, _ = (np.asarray(Image.open(io.BytesIO(base64.b64decode(png)))) for png in pngs)
    assert float_picture.shape == quantized.shape == (96, 96, 3)
    assert psnr(quantized, float_picture) == pytest.approx(data["psnr"], abs=6)  # that is of all pictures


def test_numbers_hang_together(report, style):
    _, data, summary = report
    layers = data["layers"]
    assert [layer["node"] for layer in layers] == list(nodes(read_graph(style), *CONVOLUTIONS))
    assert sorted(layer["harm_rank"] for layer in layers) == list(range(1, len(layers) + 1))
    ranked = sorted(layers, key=lambda layer: layer["harm_rank"])
    harms = [layer["picture_psnr_alone"] for layer in ranked]
    assert harms == sorted(harms)
    assert sum(layer["time_share"] for layer in layers) == pytest.approx(1, abs=1e-6)
    for layer in layers:
        values = layer["input"]
        assert values["least"] <= values["range_low"] <= values["range_high"] <= values["greatest"]
        assert 0 <= layer["saturated_share"] <= 2e-4  # one in ten thousand
        assert layer["sqnr_alone"] >= layer["sqnr_accumulated"] - 1
        assert sum(values["histogram"]) > 1000
    assert data["record"] == summary["record"] and data["psnr"] == summary["psnr"]


def test_names_are_escaped(picabia, style, tmp_path):
    model = tmp_path / "a<b>&.pb"
    model.write_bytes(style.read_bytes())
    done = picabia("quantize", model, "-o", tmp_path / "out.pb", "--size", "32x32", "--report", tmp_path)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "report.html").read_text()
    assert "a&lt;b&gt;&amp;.pb" in text and "<b>&.pb" not in text


def test_a_folder_that_cannot_be_made(picabia, style, tmp_path):
    (tmp_path / "file").write_text("")
    done = picabia("quantize", style, "-o", tmp_path / "out.pb", "--size", "32x32", "--report", tmp_path / "file/x")
    assert done.returncode == 1 and "file/x" in done.stderr
    assert not (tmp_path / "out.pb").exists()
