"""`picabia stylize` on the pictures that people have: every kind of file, profile, size and damage."""

import io
import json
import os

import numpy as np
import pytest
from PIL import Image, ImageCms

from test_cli import failed, succeeded

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def photo(examples):
    return Image.open(examples / "astronaut.jpg").convert("RGB").resize((48, 40))


@pytest.fixture
def stylize(picabia, tmp_path):
    """Saves a picture as `name`, stylizes it to `out`, and opens that."""
    def run(picture, name="in.png", out="out.png", *flags, **save):
        if picture is not None:
            picture.save(tmp_path / name, **save)
        succeeded(picabia("stylize", tmp_path / name, "-o", tmp_path / out, *flags))
        made = Image.open(tmp_path / out)
        made.load()
        return made
    return run


@pytest.fixture
def plain(stylize, photo):
    """The photo, stylized, as an array."""
    return np.asarray(stylize(photo, "plain.png", "plain-out.png"))


def test_is_the_network_applied_to_the_picture(picabia, photo, stylize, style, tmp_path):
    made = np.asarray(stylize(photo, "in.png", "out.png", "--precision", "fp32"))
    np.save(tmp_path / "x.npy", np.asarray(photo, dtype=np.float32)[None])
    succeeded(picabia("run", style, "--feed", f"X_content={tmp_path}/x.npy", "--fetch", f"add_37={tmp_path}/y.npy"))
    expected = np.clip(np.rint(np.load(tmp_path / "y.npy")[0]), 0, 255)
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 1), (3, 5), (13, 17), (33, 31), (400, 2), (48, 40)], ids=str)
def test_every_size_is_kept(stylize, photo, size):
    assert stylize(photo.resize(size)).size == size


def test_odd_sizes_are_reflected(stylize, photo):
    cut = photo.crop((0, 0, 46, 37))
    array = np.asarray(cut)
    mirrored = np.pad(array, ((0, 3), (0, 2), (0, 0)), mode="reflect")
    whole = np.asarray(stylize(Image.fromarray(mirrored), "whole.png", "whole-out.png"))
    np.testing.assert_array_equal(np.asarray(stylize(cut)), whole[:37, :46])


def test_threads_and_isa_do_not_change_a_bit(picabia, photo, plain, tmp_path):
    photo.save(tmp_path / "x.png")
    for flags, isa in [(["--threads", "1"], None), (["--threads", "3"], None), ([], "scalar")]:
        environment = {**os.environ, **({"PICABIA_ISA": isa} if isa else {})}
        succeeded(picabia("stylize", tmp_path / "x.png", "-o", tmp_path / "y.png", *flags, env=environment))
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "y.png")), plain)


# --- kinds of files -----------------------------------------------------------------------------

@pytest.mark.parametrize("name, mode", [("o.png", "PNG"), ("o.jpg", "JPEG"), ("o.JPEG", "JPEG"), ("o.webp", "WEBP"),
                                        ("o.tif", "TIFF"), ("o.tiff", "TIFF")])
def test_output_formats(stylize, photo, plain, name, mode):
    made = stylize(photo, "in.png", name)
    assert made.format == mode and made.size == photo.size
    difference = np.abs(np.asarray(made).astype(int) - plain)
    assert difference.mean() < (1 if mode in ("PNG", "TIFF") else 12)


@pytest.mark.parametrize("name", ["x.bmp", "x.gif", "x", "x.txt"])
def test_unknown_output_format(picabia, tmp_path, photo, name):
    photo.save(tmp_path / "in.png")
    failed(picabia("stylize", tmp_path / "in.png", "-o", tmp_path / name), 2, "png", "jpg", "webp", "tif")


def test_quality(stylize, photo, tmp_path):
    for quality in (20, 95):
        stylize(photo, "in.png", f"{quality}.jpg", "--quality", str(quality))
    assert (tmp_path / "20.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size / 2


@pytest.mark.parametrize("name, save", [("i.tif", {}), ("i.ppm", {}), ("i.webp", {"lossless": True}), ("wrong.jpg", {"format": "PNG"})])
def test_input_formats(stylize, photo, plain, name, save):
    np.testing.assert_array_equal(np.asarray(stylize(photo, name, "out.png", **save)), plain)


def test_avif_by_a_module_of_libvips(picabia, photo, tmp_path):
    """Lossy: held against the same file as Pillow decodes it. The decoders round by a level or two, the network triples that."""
    photo.save(tmp_path / "i.avif", quality=95)
    Image.open(tmp_path / "i.avif").convert("RGB").save(tmp_path / "i.png")
    for name in ("i.avif", "i.png"):
        picabia("stylize", tmp_path / name, "-o", tmp_path / f"{name}.out.png")
    made, wanted = (np.asarray(Image.open(tmp_path / f"{name}.out.png"), float) for name in ("i.avif", "i.png"))
    assert np.sqrt(((made - wanted) ** 2).mean()) < 6


def test_gray_becomes_three_equal_channels(stylize, photo):
    gray = photo.convert("L")
    expected = np.asarray(stylize(gray.convert("RGB"), "rgb.png", "rgb-out.png"))
    np.testing.assert_array_equal(np.asarray(stylize(gray)), expected)


def test_palette(stylize, photo):
    palette = photo.quantize(64)
    expected = np.asarray(stylize(palette.convert("RGB"), "rgb.png", "rgb-out.png"))
    np.testing.assert_array_equal(np.asarray(stylize(palette)), expected)


def test_sixteen_bits(stylize, photo):
    gray = np.asarray(photo.convert("L"))
    wide = Image.fromarray(gray.astype(np.uint16) * 257)
    expected = np.asarray(stylize(Image.fromarray(gray), "narrow.png", "narrow-out.png"))
    np.testing.assert_array_equal(np.asarray(stylize(wide)), expected)


def test_one_bit(stylize, photo):
    bilevel = photo.convert("1")
    expected = np.asarray(stylize(bilevel.convert("RGB"), "rgb.png", "rgb-out.png"))
    np.testing.assert_array_equal(np.asarray(stylize(bilevel)), expected)


def test_cmyk_becomes_rgb(stylize, photo, plain):
    made = stylize(photo.convert("CMYK"), "in.jpg", "out.png", quality=95)
    assert made.mode == "RGB" and made.size == photo.size
    assert np.abs(np.asarray(made).astype(int) - plain).mean() < 40  # another gamut, the same picture


# --- what a picture carries ---------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_passed_through(stylize, photo, mode):
    alpha = Image.fromarray((np.arange(48 * 40) % 256).astype(np.uint8).reshape(40, 48))
    base = photo.convert(mode[:-1])
    picture = photo.convert(mode)
    picture.putalpha(alpha)
    made = stylize(picture)
    assert made.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(made)[..., 3], np.asarray(alpha))
    expected = np.asarray(stylize(base, "opaque.png", "opaque-out.png"))
    np.testing.assert_array_equal(np.asarray(made)[..., :3], expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("out", ["out.png", "out.jpg"])
def test_orientation(stylize, photo, orientation, out):
    """The output is upright and says so: turning it once more would be wrong."""
    turns = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
             5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
             8: Image.Transpose.ROTATE_90}
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = stylize(photo, "in.png", out, exif=exif)
    assert made.getexif().get(0x0112, 1) == 1
    upright = photo.transpose(turns[orientation]) if orientation in turns else photo
    expected = stylize(upright, "upright.png", "upright-" + out)
    np.testing.assert_array_equal(np.asarray(made), np.asarray(expected))


@pytest.mark.parametrize("out", ["out.jpg", "out.webp", "out.png", "out.tif"])
def test_profile_and_exif_are_kept(stylize, photo, plain, out):
    exif = Image.Exif()
    exif[0x010E] = "a description"
    exif[0x9003] = "2026:01:02 03:04:05"
    made = stylize(photo, "in.png", out, exif=exif, icc_profile=SRGB)
    assert made.info["icc_profile"] == SRGB
    if out != "out.tif":
        assert made.getexif().get(0x010E, "").startswith("a description")
    if out == "out.png":
        np.testing.assert_array_equal(np.asarray(made), plain)  # a profile does not change what the network sees


def test_gray_profile_is_not_put_on_colours(stylize, photo):
    profile = bytearray(SRGB)
    profile[16:20] = b"GRAY"  # a broken one, too: the picture must still be read
    made = stylize(photo.convert("L"), "in.png", "out.png", icc_profile=bytes(profile))
    assert made.mode == "RGB"
    assert made.info.get("icc_profile", b"....................")[16:20] != b"GRAY"


# --- bad pictures -------------------------------------------------------------------------------

def test_bad_pictures(picabia, photo, tmp_path):
    good = io.BytesIO()
    photo.save(good, "JPEG")
    cases = {"empty.png": (b"", "empty"), "text.jpg": (b"hello", "not a picture"),
             "cut.jpg": (good.getvalue()[:700], ""), "lfs.png": (b"version https://git-lfs.github.com/spec/v1\n", "LFS")}
    for name, (content, word) in cases.items():
        (tmp_path / name).write_bytes(content)
        failed(picabia("stylize", tmp_path / name, "-o", tmp_path / "out.png"), 1, tmp_path / name, word)
    failed(picabia("stylize", tmp_path / "none.png", "-o", tmp_path / "out.png"), 1, tmp_path / "none.png")
    os.mkfifo(tmp_path / "pipe.png")
    failed(picabia("stylize", tmp_path / "pipe.png", "-o", tmp_path / "out.png"), 1, "pipe.png")
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_cut_and_changed_files_never_crash(picabia, photo, tmp_path, kind):
    buffer = io.BytesIO()
    photo.save(buffer, kind)
    whole = buffer.getvalue()
    folder = tmp_path / "in"
    folder.mkdir()
    rng = np.random.default_rng(5)
    for i in range(12):
        (folder / f"cut{i:02}.png").write_bytes(whole[:len(whole) * i // 12])
        changed = bytearray(whole)
        changed[int(rng.integers(len(whole)))] ^= 0xFF
        (folder / f"changed{i:02}.png").write_bytes(changed)
    (folder / "good.png").write_bytes(whole)
    done = picabia("stylize", folder, "-o", tmp_path / "out", "--json")
    assert done.returncode == 1
    pictures = json.loads(done.stdout)["pictures"]
    assert len(pictures) == 25
    assert "error" not in pictures[-1]
    for picture in pictures:
        assert "error" in picture or os.path.exists(picture["out"])


def test_pixel_limit(picabia, photo, tmp_path):
    photo.save(tmp_path / "in.png")
    args = ["stylize", tmp_path / "in.png", "-o", tmp_path / "out.png", "--max-pixels"]
    failed(picabia(*args, "1919"), 1, "48x40", "1919")
    succeeded(picabia(*args, "1920"))


def test_a_bomb_is_refused_by_its_header(picabia, tmp_path):
    """A PNG of 40,000 x 40,000 pixels: 4.5 GiB as RGB, two megabytes as a file."""
    bomb = tmp_path / "bomb.png"
    Image.new("1", (40000, 40000)).save(bomb)
    failed(picabia("stylize", bomb, "-o", tmp_path / "out.png"), 1, bomb, "40000x40000", "178956970")


# --- batches, streams, names --------------------------------------------------------------------

def test_folder(picabia, photo, tmp_path):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.jpg", "a.png", "deep/c.png"):
        photo.save(folder / name)
    (folder / "notes.txt").write_text("hello")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    done = picabia("stylize", folder, "-o", tmp_path / "out")
    assert done.returncode == 0
    assert done.stderr == f"picabia: {folder}/notes.txt: skipped, not a picture\n"
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "b.jpg"]
    done = picabia("stylize", folder, "-o", tmp_path / "all", "--recursive", "--format", "webp")
    assert done.returncode == 0
    assert Image.open(tmp_path / "all/deep/c.webp").format == "WEBP"


def test_one_bad_picture_does_not_stop_a_batch(picabia, photo, tmp_path):
    photo.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    photo.save(tmp_path / "c.png")
    done = picabia("stylize", *(tmp_path / f"{n}.png" for n in "abc"), "-o", tmp_path / "out", "--json")
    assert done.returncode == 1
    assert done.stderr.startswith(f"picabia: {tmp_path}/b.png: ") and done.stderr.count("\n") == 1
    pictures = json.loads(done.stdout)["pictures"]
    assert [p["in"] for p in pictures] == [str(tmp_path / f"{n}.png") for n in "abc"]
    assert "error" in pictures[1]
    assert pictures[0].items() >= {"out": str(tmp_path / "out/a.png"), "width": 48, "height": 40,
                                   "precision": "int8"}.items()
    assert 0 < pictures[0]["ms_inference"] <= pictures[0]["ms_total"] and pictures[0]["isa"]


def test_streams(picabia, photo, plain, tmp_path):
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    done = picabia("stylize", "-", "-o", "-", input=buffer.getvalue())
    made = Image.open(io.BytesIO(succeeded(done)))
    assert made.format == "PNG"
    np.testing.assert_array_equal(np.asarray(made), plain)
    done = picabia("stylize", "-", "-o", "-", "--format", "jpg", input=buffer.getvalue())
    assert Image.open(io.BytesIO(succeeded(done))).format == "JPEG"
    failed(picabia("stylize", "-", "-o", "-", input=b"hello"), 1, "standard input")
    failed(picabia("stylize", "-", "-o", "-", "--json"), 2, "standard output")
    with open("/dev/full", "wb") as full:
        done = picabia("stylize", "-", "-o", "-", input=buffer.getvalue(), stdout=full)
    assert done.returncode == 1 and b"standard output" in done.stderr


def test_inputs_are_never_written_over(picabia, photo, tmp_path):
    path = tmp_path / "a.png"
    photo.save(path)
    before = path.read_bytes()
    (tmp_path / "link.png").symlink_to(path)
    os.link(path, tmp_path / "hard.png")
    for out in ("a.png", "link.png", "hard.png", "."):
        failed(picabia("stylize", path, "-o", tmp_path / out), 2, "would overwrite the input")
    assert path.read_bytes() == before


def test_odd_names(picabia, photo, tmp_path):
    for name in ("with space.png", "-dash.png", "new\nline.png", "größe.png", b"\xff.png"):
        path = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
        photo.save(tmp_path / "plain.png")
        os.replace(tmp_path / "plain.png", path)
        out = os.fsencode(tmp_path / "out")
        succeeded(picabia("stylize", os.fsdecode(path), "-o", os.fsdecode(out) + "/", "--json"))
        assert os.path.exists(os.path.join(out, os.fsencode(name)))
    failed(picabia("stylize", tmp_path / "no\nne\x1b[31m.png", "-o", tmp_path / "x.png"), 1, "no\\x0ane\\x1b")


def test_output_that_cannot_be_written(picabia, photo, tmp_path):
    photo.save(tmp_path / "a.png")
    failed(picabia("stylize", tmp_path / "a.png", "-o", tmp_path / "none/x.png"), 1, "none/x.png")
    (tmp_path / "file").write_text("x")
    failed(picabia("stylize", tmp_path / "a.png", tmp_path / "b.png", "-o", tmp_path / "file"), 2, "folder")


def test_color_order(stylize, photo):
    swapped = Image.fromarray(np.asarray(photo)[..., ::-1].copy())
    made = np.asarray(stylize(photo, "in.png", "out.png", "--color-order", "bgr"))
    expected = np.asarray(stylize(swapped, "swapped.png", "swapped-out.png"))[..., ::-1]
    np.testing.assert_array_equal(made, expected)


def test_list_styles(picabia):
    assert "facets" in succeeded(picabia("stylize", "--list-styles")).split("\n")
