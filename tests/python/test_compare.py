"""picabia compare: numbers against NumPy's, the page in a real browser, and refusals."""

import base64
import html
import io
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from pictures import psnr
from test_quantize_report import Page

CHROMIUM = shutil.which("chromium")
# What the page is asked when it is loaded, its pictures with it: are they there, and does the slider move. Nothing waits here, as a
# browser without a head prints the page when the frame around it is loaded.
PROBE = """<script>window.addEventListener('load', () => {
  const result = {broken: 0, pictures: 0};
  for (const image of document.images) {
    result.broken += !image.complete || image.naturalWidth === 0;
    result.pictures += image.naturalWidth > 0;
  }
  const range = document.querySelector('.slider input'), over = document.querySelector('.slider .over');
  const edge = document.querySelector('.slider .edge'), choice = document.querySelector('.slider select');
  const at = value => {
    range.value = value;
    range.dispatchEvent(new Event('input'));
    return [getComputedStyle(over).clipPath, Math.round(edge.getBoundingClientRect().left - over.getBoundingClientRect().left)];
  };
  result.width = Math.round(over.getBoundingClientRect().width);
  result.left = at(10);
  result.right = at(90);
  const box = over.getBoundingClientRect(), drag = (type, part) => over.dispatchEvent(new PointerEvent(type, {
    bubbles: true, buttons: 1, clientX: box.left + box.width * part, clientY: box.top + 1}));
  drag('pointerdown', 0.5), drag('pointermove', 0.25);
  result.dragged = [Number(range.value), getComputedStyle(over).clipPath];
  choice.selectedIndex = choice.options.length - 1;
  choice.dispatchEvent(new Event('change'));
  result.changed = over.src === document.querySelector(`#picture-${choice.value} img`).src;
  result.chosen = over.alt === choice.selectedOptions[0].textContent;
  const table = document.querySelector('td.variant').closest('.panel');
  result.hidden = table.scrollWidth - table.clientWidth;
  result.wider = document.documentElement.scrollWidth - window.innerWidth;
  const answer = document.createElement('pre');
  answer.id = 'answer';
  answer.textContent = JSON.stringify(result);
  document.body.append(answer);
});</script>"""


@pytest.fixture(scope="module")
def photo(examples, tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.open(examples / "chelsea.jpg").resize((97, 66)).save(path)  # no multiple of 4
    return path


@pytest.fixture(scope="module")
def report(picabia, style, photo, examples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    (folder / "photos").mkdir()
    for name in ("coffee", "rocket"):
        Image.open(examples / f"{name}.jpg").resize((64, 48)).save(folder / f"photos/{name}.png")
    int8 = folder / "int8.pb"
    done = picabia("quantize", style, "-o", int8, "--calibration", photo, "--size", "64x64")
    assert done.returncode == 0, done.stderr
    done = picabia("compare", style, int8, "--image", photo, "--photos", folder / "photos", "-o", folder / "a/b",
                   "--runs", "5")
    assert done.returncode == 0, done.stderr
    return folder, (folder / "a/b/report.html").read_text(), json.loads((folder / "a/b/report.json").read_text()), done


def ssim(a, b):
    """Wang's index over all windows of 7x7 and all colours, by its formula."""
    windows = [np.lib.stride_tricks.sliding_window_view(x, (7, 7), axis=(0, 1)) for x in (a, b)]
    (ma, mb), (va, vb) = ([f(w, axis=(-1, -2)) for w in windows] for f in (np.mean, np.var))
    covariance = (windows[0] * windows[1]).mean(axis=(-1, -2)) - ma * mb
    c1, c2 = 2.55**2, 7.65**2
    return np.mean((2 * ma * mb + c1) * (2 * covariance + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(np.float64)


def test_every_variant_is_there(report):
    _, _, data, done = report
    found = [(v["model"].rsplit("/")[-1], v["device"], v["precision"]) for v in data["variants"]]
    name = found[0][0]
    assert found == [(name, "cpu", "fp32"), (name, "cpu", "int8"), (name, "mlu", "half"), ("int8.pb", "cpu", "fp32"),
                     ("int8.pb", "cpu", "int8"), ("int8.pb", "mlu", "int8")]
    for variant in data["variants"]:
        assert "problem" not in variant and variant["label"] in done.stdout
    assert [v["reference"] for v in data["variants"]] == [True] + 5 * [False]
    assert all(line in done.stdout for line in data["conclusions"])


def test_times_and_memory(report):
    folder, _, data, _ = report
    for variant in data["variants"]:
        ms = variant["ms"]
        assert len(ms["all"]) == 5 and ms["all"] == sorted(ms["all"]) and ms["all"][0] > 0
        assert ms["median"] == pytest.approx(np.median(ms["all"]))
        assert ms["p90"] == np.percentile(ms["all"], 90, method="inverted_cdf")
        assert ms["min"] <= ms["median"] <= ms["p90"] <= ms["p95"] <= ms["p99"] <= ms["max"]
        assert sum(step["ms"] for step in ms["steps"]) > 0
        assert 4e6 < variant["peak_rss_bytes"] < 1e9
    assert data["variants"][3]["file_bytes"] == (folder / "int8.pb").stat().st_size


def test_pictures_are_what_the_numbers_say(report):
    """The page's own pictures, measured again."""
    _, text, data, _ = report
    found = [pixels(png) for png in re.findall(r"base64,([^\"]+)", text)]
    assert len(found) == 2 + 2 * 5 and all(picture.shape == (66, 97, 3) for picture in found)
    expected = found[0]
    for variant, picture, difference in zip(data["variants"][1:], found[2::2], found[3::2]):
        assert variant["max_level"] == np.abs(picture - expected).max()
        assert variant["psnr"] == pytest.approx(psnr(picture, expected), abs=1e-6)
        assert variant["ssim"] == pytest.approx(ssim(picture, expected), abs=1e-6)
        # White from 64 on, a third of it a colour: 3 * 255 / 64 a level.
        farthest = np.abs(picture - expected).max(axis=2)
        assert np.abs(difference.sum(axis=2) - np.minimum(farthest * 3 * 255 / 64, 765)).max() <= 3  # each is cut to a whole


def run_npy(picabia, tmp_path, model, x, name, *options):
    inspected = json.loads(picabia("inspect", model, "--json").stdout)
    feed, fetch = inspected["inputs"][0]["name"], inspected["outputs"][0]["name"]
    np.save(tmp_path / "x.npy", x)
    done = picabia("run", model, "--feed", f"{feed}={tmp_path}/x.npy", "--fetch", f"{fetch}={tmp_path}/{name}.npy", *options)
    assert done.returncode == 0, done.stderr
    return np.load(tmp_path / f"{name}.npy").astype(np.float64)


def test_deviations_are_those_of_mlu_ops(report, picabia, style, photo, tmp_path):
    folder, _, data, _ = report
    picture = np.asarray(Image.open(photo)).astype(np.float32)
    padded = np.pad(picture, ((0, 68 - 66), (0, 100 - 97), (0, 0)), mode="reflect")[None]
    b = run_npy(picabia, tmp_path, style, padded, "b")
    for index, model, options, threshold in ((1, style, ["--precision", "int8"], 1e-6),
                                             (5, folder / "int8.pb", ["--device", "mlu"], 1e-4)):
        e = run_npy(picabia, tmp_path, model, padded, "e", *options)
        error, size = np.abs(e - b), np.abs(b)
        found = data["variants"][index]["deviation"]
        assert found["diff1"] == pytest.approx(error.sum() / size.sum(), rel=1e-9)
        assert found["diff2"] == pytest.approx(np.sqrt((error**2).sum() / (b**2).sum()), rel=1e-9)
        above = size > threshold
        assert found["diff3"]["threshold"] == threshold
        assert found["diff3"]["relative"] == pytest.approx((error[above] / size[above]).max(), rel=1e-9)
        assert found["diff3"]["absolute"] == pytest.approx(error[~above].max(initial=0), rel=1e-9)
        assert [found["diff4"][key] for key in ("above", "below", "equal")] == [(e > b).sum(), (e < b).sum(), (e == b).sum()]


def test_the_reference_deviates_by_nothing(report):
    reference = report[2]["variants"][0]
    assert reference["psnr"] == 200 and reference["ssim"] == 1 and reference["max_level"] == 0
    assert reference["deviation"]["diff1"] == reference["deviation"]["diff2"] == 0


def test_layers(report):
    _, _, data, _ = report
    for variant in data["variants"][1:]:
        assert len(variant["layers"]) > 10
        # The last one is the output: it has the signal to noise that diff2 says. One that is fetched with others may be
        # computed by other steps than alone, and a rounding that falls to another side is noise of its own: within 1 dB.
        assert variant["layers"][-1]["sqnr"] == pytest.approx(-20 * np.log10(variant["deviation"]["diff2"]), abs=1)
        if variant["device"] == "cpu":  # saturated variances make noise larger than the signal
            assert all(layer["sqnr"] > 10 for layer in variant["layers"])


def test_statistics_over_photos(report):
    _, _, data, _ = report
    for variant in data["variants"][1:]:
        statistics = variant["statistics"]
        psnrs = [photo["psnr"] for photo in statistics["photos"]]
        assert len(psnrs) == 2 and statistics["psnr_min"] == min(psnrs)
        assert statistics["psnr_median"] == pytest.approx(np.median(psnrs))


def test_saturated_means_are_those_of_run(report, picabia, photo, tmp_path):
    folder, text, data, _ = report
    padded = np.pad(np.asarray(Image.open(photo)).astype(np.float32), ((0, 2), (0, 3), (0, 0)), mode="reflect")[None]
    inspected = json.loads(picabia("inspect", folder / "int8.pb", "--json").stdout)
    np.save(tmp_path / "x.npy", padded)
    done = picabia("run", folder / "int8.pb", "--feed", f"{inspected['inputs'][0]['name']}={tmp_path}/x.npy", "--fetch",
                   f"{inspected['outputs'][0]['name']}={tmp_path}/y.npy", "--device", "mlu", "--saturation", "--json")
    assert data["variants"][5]["saturated"] == json.loads(done.stdout)["saturated"]
    assert ("saturate on the card</h2>" in text) == any(v.get("saturated") for v in data["variants"])


def test_the_page_is_whole_and_alone(report):
    _, text, data, _ = report
    page = Page()
    page.feed(re.sub(r"<input[^>]*>", "", text))
    assert page.open == []
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert "http" not in text and not re.search(r"\bnan\b|\binf\b", re.sub(r"base64,[^\"]+", "", text))
    assert all(html.escape(line, quote=False).replace('"', "&quot;") in text for line in data["conclusions"])


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("of", ["report", "three"])
def test_the_page_in_a_browser(request, of, tmp_path, width):
    """In a frame of that width: a window of a browser is never narrower than 500 pixels."""
    fixture = request.getfixturevalue(of)
    text = fixture[1] if of == "report" else fixture[2]
    inner = tmp_path / "page.html"
    inner.write_text(text.replace("</body>", PROBE + "</body>"))
    outer = tmp_path / "frame.html"
    copy = "document.body.append(this.contentDocument.querySelector('#answer').cloneNode(true))"
    outer.write_text(f"""<body style="margin:0"><iframe src="page.html" width="{width}" height="900" style="border:0"
      onload="{copy}"></iframe></body>""")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--allow-file-access-from-files",
         f"--user-data-dir={tmp_path}/profile", "--window-size=1400,1000", "--dump-dom",
         outer.as_uri()], capture_output=True, text=True, timeout=200)
    assert ":CONSOLE" not in done.stderr, done.stderr
    answer = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout)
    assert answer, done.stderr
    result = json.loads(html.unescape(answer.group(1)))
    assert result["broken"] == 0 and result["pictures"] == 2 + 2 * 5 + 2  # and two of the slider
    assert result["left"][0] == "inset(0px 0px 0px 10%)" and result["right"][0] == "inset(0px 0px 0px 90%)"
    assert result["right"][1] - result["left"][1] == pytest.approx(0.8 * result["width"], abs=2)
    assert result["dragged"] == [25, "inset(0px 0px 0px 25%)"]
    assert result["changed"] and result["chosen"]
    assert result["wider"] <= 0  # nothing sticks out at the right
    if width == 1280:
        assert result["hidden"] <= 0  # of the table's last column; a narrow page scrolls it


def test_standard_output_can_be_the_json(picabia, style, photo, tmp_path):
    done = picabia("compare", style, "--image", photo, "-o", tmp_path, "--devices", "cpu", "--precisions", "int8", "--json",
                   "--runs", "1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "report.json").read_text())
    assert [v["precision"] for v in json.loads(done.stdout)["variants"]] == ["fp32", "int8"]


@pytest.fixture(scope="module")
def three(picabia, style, photo, tmp_path_factory):
    """The three variants of the course's experiment, under a long name, on both devices."""
    folder = tmp_path_factory.mktemp("three")
    node = "moments_15/SquaredDifference"
    power = folder / "a_style_of_a_very_long_name_with_the_power_difference_operator.pb"
    host = folder / "a_style_of_a_very_long_name_whose_power_difference_the_host_computes.pb"
    for op, path in (("PowerDifference", power), ("placeholder", host)):
        assert picabia("variant", style, "--node", node, "--op", op, "-o", path).returncode == 0
    done = picabia("compare", style, power, host, "--image", photo, "--photos", photo, "-o", folder / "out", "--runs", "2",
                   "--precisions", "fp32", "--set", "moments_15/PowerDifference_z=2",
                   "--host", "moments_15/PowerDifference=Conv2D_13,moments_15/StopGradient")
    assert done.returncode == 0, done.stderr
    return done, json.loads((folder / "out/report.json").read_text()), (folder / "out/report.html").read_text(), power, host


def test_the_three_variants_of_the_course(three):
    _, data, _, power, host = three
    found = [(v["model"], v["device"]) for v in data["variants"]]
    assert found[2:] == [(str(m), d) for m in (power, host) for d in ("cpu", "mlu")]
    for variant in data["variants"]:
        assert "problem" not in variant
        if variant["device"] == "cpu":
            assert variant["max_level"] <= 1 and variant.get("statistics", {"psnr_min": 60})["psnr_min"] > 50
    # The host's part is in the time: its own step and those of the first run, and twice the multiply-adds or nearly so.
    steps = [[step["name"] for step in v["ms"]["steps"]] for v in data["variants"]]
    assert "moments_15/PowerDifference" in steps[4] and steps[4][0].startswith("first run: ")
    assert not any(name.startswith("first run: ") for name in steps[0] + steps[2])
    # Whoever squares: on the device the same convolutions are in front of it.
    layers = {v["label"]: [layer["name"] for layer in v["layers"]] for v in data["variants"][1:]}
    assert all(len(names) > 10 for names in layers.values())


def test_what_a_card_would_take_is_what_bench_says(three, picabia, style, photo, tmp_path):
    done, data, text, power, host = three
    padded = np.pad(np.asarray(Image.open(photo)).astype(np.float32), ((0, 2), (0, 3), (0, 0)), mode="reflect")[None]
    np.save(tmp_path / "x.npy", padded)
    assert data["modelled_cores"] == 16
    by = {(v["model"], v["device"]): v for v in data["variants"]}
    assert all("ms_modelled_mlu270" not in v for (_, device), v in by.items() if device == "cpu")
    extra = {str(style): [], str(power): ["--set", "moments_15/PowerDifference_z=2"],
             str(host): ["--host", "moments_15/PowerDifference=Conv2D_13,moments_15/StopGradient,2"]}
    for model, options in extra.items():
        found = by[model, "mlu"]["ms_modelled_mlu270"]
        bench = json.loads(picabia("bench", model, "--device", "mlu", "--modelled", "--json", "--runs", "1", "--set",
                                   f"X_content={tmp_path}/x.npy", *options).stdout)
        assert found == pytest.approx(bench["modelled"]["ms"], rel=1e-9)
        assert f"{found:.2f}" in done.stdout and f"<td>{found:.2f}</td>" in text
    # Two runs of nearly the whole net.
    ratio = by[str(host), "mlu"]["ms_modelled_mlu270"] / by[str(style), "mlu"]["ms_modelled_mlu270"]
    assert 1.7 < ratio < 2.1
    assert "not measured" in " ".join(data["conclusions"]) and "MLU270,<br>modelled" in text


def test_bench_times_both_runs_of_the_host(picabia, style, three):
    host = three[4]
    options = ["--size", "64x64", "--runs", "1", "--json", "--layers", "--precision", "fp32"]
    one = json.loads(picabia("bench", style, *options).stdout)
    done = picabia("bench", host, *options, "--host", "moments_15/PowerDifference:0=Conv2D_13:0,moments_15/StopGradient:0")
    assert done.returncode == 0, done.stderr
    two = json.loads(done.stdout)
    assert two["input"] == [1, 64, 64, 3] and two["data"].startswith("synthetic")
    assert two["macs"] == 2 * one["macs"]
    assert [layer["kernel"] for layer in two["layers"]].count("host") == 1


@pytest.mark.parametrize("text, code, message", [
    ("a", 2, 'expected NAME=X,Y or NAME=X,Y,P'), ("a=b", 2, "NAME=X,Y"), ("a=b,c,d", 2, "NAME=X,Y"), ("a=b,,2", 2, "NAME=X,Y"),
    ("=b,c", 2, "NAME=X,Y"), ("nobody=Conv2D,Conv2D_1", 1, "nobody: there is no such input"),
    ("moments_15/PowerDifference=Conv2D_13,nobody", 1, "nobody"),
    ("moments_15/PowerDifference=Conv2D_13,Conv2D_1", 1, "--host moments_15/PowerDifference: "),
    ("moments_15/PowerDifference=Conv2D_13,add_37", 1, "add_37")])
def test_hosts_that_are_refused(picabia, three, text, code, message):
    done = picabia("bench", three[4], "--size", "64x64", "--runs", "1", "--host", text)
    assert done.returncode == code and message in done.stderr, done.stderr
    assert done.stdout == ""


def test_a_variant_that_does_not_run_is_named(picabia, style, photo, tmp_path):
    """One that lacks a feed."""
    cut = tmp_path / "cut<.pb"
    done = picabia("variant", style, "--node", "moments_15/SquaredDifference", "--op", "placeholder", "-o", cut)
    assert done.returncode == 0, done.stderr
    done = picabia("compare", style, cut, "--image", photo, "-o", tmp_path, "--devices", "cpu", "--precisions", "fp32",
                   "--runs", "1")
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "report.json").read_text())
    assert "--set" in data["variants"][1]["problem"] and re.search(r"cut<.pb, cpu fp32 +does not run", done.stdout)
    page = (tmp_path / "report.html").read_text()
    assert "cut&lt;.pb" in page and "; 1 timed run after the first call, " in page
    # What is to be said of two variants alike is said once.
    done = picabia("compare", style, cut, "--image", photo, "-o", tmp_path, "--devices", "cpu", "--runs", "1", "--photos", photo)
    assert done.returncode == 0, done.stderr
    [line] = [line for line in json.loads((tmp_path / "report.json").read_text())["conclusions"] if "not run" in line]
    assert line.startswith("cut<.pb, cpu fp32; cut<.pb, cpu int8 do not run: ") and done.stdout.count("does not run") == 2


@pytest.mark.parametrize("arguments, code, message", [
    (["MODEL", "-o", "OUT"], 2, "--image"),
    (["MODEL", "--image", "PHOTO"], 2, "-o DIR"),
    (["--image", "PHOTO", "-o", "OUT"], 2, "MODEL"),
    (["MODEL", "--image", "PHOTO", "-o", "OUT", "--devices", "gpu"], 2, "gpu"),
    (["MODEL", "--image", "PHOTO", "-o", "OUT", "--precisions", "int8,int4"], 2, "int4"),
    (["MODEL", "nowhere.pb", "--image", "PHOTO", "-o", "OUT"], 1, "nowhere.pb"),
    (["MODEL", "--image", "nowhere.jpg", "-o", "OUT"], 1, "nowhere.jpg"),
    (["MODEL", "--image", "PHOTO", "-o", "OUT", "--photos", "nowhere"], 1, "nowhere"),
    (["MODEL", "--image", "PHOTO", "-o", "OUT", "--set", "nobody=2"], 1, "nobody"),
    (["MODEL", "--image", "PHOTO", "-o", "OUT", "--host", "nobody=Conv2D,Conv2D_1"], 1, "nobody"),
    (["MODEL", "--image", "PHOTO", "-o", "PHOTO/x"], 1, "photo.png/x"),
])
def test_refusals(picabia, style, photo, tmp_path, arguments, code, message):
    places = {"MODEL": str(style), "PHOTO": str(photo), "OUT": str(tmp_path / "out"), "PHOTO/x": f"{photo}/x"}
    done = picabia("compare", *(places.get(argument, argument) for argument in arguments))
    assert done.returncode == code and message in done.stderr, done.stderr
    assert not (tmp_path / "out").exists() and done.stdout == ""  # not even an empty folder
