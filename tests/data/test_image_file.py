"""Single images, odd and hostile."""

import resource
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from paddle_gan.data import image_file
from paddle_gan.data.image_file import read_image
from paddle_gan.data.pixels import Form
from paddle_gan.errors import UserError
from tests.data.files import RED, png, save


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp", "ppm", "gif", "avif"])
def test_colors_are_rgb(tmp_path, suffix):
    image = read_image(save(tmp_path / f"a.{suffix}"), Form(8, 3))
    assert image.shape == (3, 8, 8) and image.dtype == np.uint8
    np.testing.assert_allclose(image.mean((1, 2)), RED, atol=3)


@pytest.mark.parametrize("suffix", ["png", "gif", "avif"])
def test_gray_weighs_the_colors(tmp_path, suffix):
    gray = read_image(save(tmp_path / f"a.{suffix}"), Form(8, 1))
    assert gray.shape == (1, 8, 8)
    np.testing.assert_allclose(gray, 0.299 * 255, atol=1)  # ITU-R BT.601


def test_gray_in_three_channels(tmp_path):
    image = read_image(save(tmp_path / "a.png", 77, mode="L"), Form(8, 3))
    assert np.all(image == 77)


DEEP = np.repeat(np.array([0, 1000, 2048, 4095], np.uint16), 4).reshape(4, 4)
GRAYS = [0, 1000, 2048, 4095]
each_depth = pytest.mark.parametrize("channels", [1, 3])


@pytest.mark.parametrize("suffix", ["png", "tif"])
@each_depth
def test_sixteen_bits_stay(tmp_path, suffix, channels):
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), DEEP)
    image = read_image(tmp_path / f"a.{suffix}", Form(4, channels))
    assert image.shape == (channels, 4, 4) and image.dtype == np.uint16
    for plane in image:
        assert plane[:, 0].tolist() == GRAYS


def packed_tiff(pixels: np.ndarray) -> bytes:
    """A TIFF of 12 bits a value, three bytes for two of them."""
    bits = np.unpackbits(pixels.astype(">u2").view(np.uint8).reshape(*pixels.shape, 2), axis=2)
    data = np.packbits(bits[:, :, 4:].reshape(len(pixels), -1), axis=1).tobytes()
    height, width = pixels.shape
    tags = {256: width, 257: height, 258: 12, 259: 1, 262: 1, 273: 8, 277: 1, 278: height}
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()]
    entries.append(struct.pack("<HHII", 279, 4, 1, len(data)))
    table = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + table


@each_depth
@pytest.mark.parametrize("name", ["packed.tif", "graymap.pgm"])
def test_twelve_bits_are_scaled_where_the_file_says_that_they_are(tmp_path, name, channels):
    files = {
        "packed.tif": packed_tiff(DEEP),
        "graymap.pgm": b"P5 4 4 4095\n" + DEEP.astype(">u2").tobytes(),
    }
    (tmp_path / name).write_bytes(files[name])
    image = read_image(tmp_path / name, Form(4, channels))
    assert image.shape == (channels, 4, 4) and image.dtype == np.uint16
    for plane in image:
        expected = np.array(GRAYS) / 4095 * 65535
        np.testing.assert_allclose(plane[:, 0], expected, atol=16)


def test_a_pixmap_of_a_hundred_grays_ends_in_white(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6 2 2 100\n" + bytes([100, 0, 50] * 4))
    assert read_image(tmp_path / "a.ppm", Form(2, 3))[:, 0, 0].tolist() == pytest.approx(
        [255, 0, 127.5], abs=1
    )


@each_depth
def test_a_tiff_may_name_its_brightest_value(tmp_path, channels):
    Image.fromarray(DEEP).save(tmp_path / "a.tif", tiffinfo={281: 4095})  # MaxSampleValue
    image = read_image(tmp_path / "a.tif", Form(4, channels))
    for plane in image:
        np.testing.assert_allclose(plane[:, 0], np.array(GRAYS) / 4095 * 65535, atol=1)


def test_floating_point_is_refused(tmp_path):
    Image.new("F", (4, 4), 0.5).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match="a.tif holds floating-point values; convert it to 16 bits"):
        read_image(tmp_path / "a.tif", Form(4, 1))


FOREIGN = {
    "phone.jpg": (
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99),
        "is HEIC; convert it to PNG or",
    ),
    "scan.png": (b"JPEG2000", "is JPEG 2000 .ISO 15444.; convert it to PNG or JPEG, for instance"),
    "icon.png": (b"ICO", "convert it to PNG or JPEG, for instance with ImageMagick: magick FILE"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_formats_that_are_not_read_are_named_by_content(tmp_path, name):
    content, told = FOREIGN[name]
    if content in (b"JPEG2000", b"ICO"):
        save(tmp_path / name, format=content.decode())
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=told):
        read_image(tmp_path / name, Form(8, 1))


@pytest.mark.parametrize(
    "quality", [dict(progressive=True), dict(subsampling=0), dict(exif=b"x" * 99)]
)
def test_the_size_of_a_jpeg_is_read_from_its_frame(tmp_path, quality):
    path = save(tmp_path / "a.jpg", size=(31, 17), **quality)
    assert image_file._pixels_of_jpeg(path.read_bytes()) == 31 * 17
    assert image_file._pixels_of_jpeg(path.read_bytes()[:30]) == 0
    assert image_file._pixels_of_jpeg(b"\xff\xd8" + b"\xff" * 99) == 0
    assert image_file._pixels_of_jpeg(save(tmp_path / "a.png").read_bytes()) == 0


def test_a_huge_jpeg_is_refused_unread(tmp_path):
    content = bytearray(save(tmp_path / "a.jpg", size=(8, 8)).read_bytes())
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UserError, match="larger than 64 megapixels"):
        read_image(tmp_path / "a.jpg", Form(8, 1))


def test_cmyk_jpeg(tmp_path):
    path = save(tmp_path / "a.jpg", (0, 255, 255, 0), mode="CMYK")
    np.testing.assert_allclose(read_image(path, Form(8, 3)).mean((1, 2)), RED, atol=3)


TRANSPARENT = {
    "alpha.png": "RGBA",
    "alpha.tif": "RGBA",
    "alpha.webp": "RGBA",
    "gray.png": "LA",
    "palette.png": "P",
    "animation.gif": "RGBA",
}


@pytest.mark.parametrize("name", TRANSPARENT)
def test_what_is_transparent_is_white(tmp_path, name):
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))  # black, as most programs leave it
    image.paste((0, 0, 0, 255), (0, 0, 16, 8))
    image.convert(TRANSPARENT[name]).save(tmp_path / name)
    for channels in (1, 3):
        found = read_image(tmp_path / name, Form(16, channels))
        assert found.shape == (channels, 16, 16) and found.dtype == np.uint8
        assert (found[:, :8].max(), found[:, 8:].min()) == (0, 255)


def test_half_transparent_is_half_white(tmp_path):
    path = save(tmp_path / "a.png", (255, 0, 0, 128), mode="RGBA")
    np.testing.assert_allclose(read_image(path, Form(8, 3)).mean((1, 2)), (255, 127, 127), atol=1)
    gray = 0.299 * 255 + (0.587 + 0.114) * 127  # ITU-R BT.601
    np.testing.assert_allclose(read_image(path, Form(8, 1)), gray, atol=1)


def test_the_orientation_of_a_transparent_image_is_obeyed(tmp_path):
    left_clear = Image.new("RGBA", (16, 16), (0, 0, 0, 255))
    left_clear.paste((0, 0, 0, 0), (0, 0, 8, 16))
    exif = left_clear.getexif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    left_clear.save(tmp_path / "a.png", exif=exif)
    image = read_image(tmp_path / "a.png", Form(16, 3))
    assert image[:, :8].min() == 255 and image[:, 8:].max() == 0


@pytest.mark.parametrize("name", ["alpha.png", "gray.png", "palette.png"])
def test_or_black_where_told(tmp_path, name):
    image = Image.new("RGBA", (16, 16), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (0, 0, 16, 8))
    image.convert(TRANSPARENT[name]).save(tmp_path / name)
    for channels in (1, 3):
        found = read_image(tmp_path / name, Form(16, channels, ground="black"))
        assert (found[:, :8].min(), found[:, 8:].max()) == (255, 0)


def test_one_pixel(tmp_path):
    path = save(tmp_path / "a.png", (10, 20, 30), size=(1, 1))
    image = read_image(path, Form(16, 3))
    assert np.all(image == np.array([10, 20, 30])[:, None, None])


def test_orientation_of_the_camera_is_obeyed(tmp_path):
    left_red = Image.new("RGB", (16, 16))
    left_red.paste(RED, (0, 0, 8, 16))
    exif = left_red.getexif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    left_red.save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg", Form(16, 3))
    assert image[0, :7].mean() > 240 and image[0, 9:].mean() < 15


def test_a_file_too_large_to_be_an_image_is_not_read(tmp_path):
    with open(tmp_path / "a.png", "wb") as file:
        file.truncate(2**40)  # a hole, which takes no space on the disk
    with pytest.raises(UserError, match="larger than"):
        read_image(tmp_path / "a.png", Form(8, 1))


@pytest.mark.parametrize("side", [8_001, 16_000])  # just too large for us, and for Pillow
def test_a_bomb_takes_no_memory(tmp_path, side):
    (tmp_path / "bomb.png").write_bytes(png(side, side))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="larger than 64 megapixels"):
        read_image(tmp_path / "bomb.png", Form(8, 1))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.filterwarnings("ignore")  # Pillow's, on odd headers
@pytest.mark.parametrize(
    ("suffix", "mode", "color"),
    [
        *((suffix, "RGB", RED) for suffix in ("png", "jpg", "bmp", "tif", "webp", "ppm")),
        *((suffix, "RGBA", (255, 0, 0, 99)) for suffix in ("png", "tif", "webp", "gif", "avif")),
        *((suffix, "I;16", 999) for suffix in ("png", "tif", "pgm")),
    ],
)
def test_mutations_of_a_good_image_end_in_pixels_or_one_line(tmp_path, suffix, mode, color):
    good = save(tmp_path / f"good.{suffix}", color, mode=mode).read_bytes()
    path = tmp_path / "a.png"
    rng = np.random.default_rng(0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for case in range(200):
        mutant = bytearray(good)
        for place in rng.integers(len(mutant), size=3):
            mutant[place] = rng.integers(256)
        length = rng.integers(len(mutant)) if case % 4 == 0 else len(mutant)
        path.write_bytes(mutant[:length])
        try:
            assert read_image(path, Form(8, 3)).shape == (3, 8, 8)
        except UserError as error:
            assert "\n" not in str(error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB
