"""Single images, odd and hostile."""

import resource

import cv2
import numpy as np
import pytest
from PIL import Image

from paddle_gan.data.image_file import read_image
from paddle_gan.errors import UserError
from tests.data.files import RED, png, save


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp", "ppm"])
def test_colors_are_rgb(tmp_path, suffix):
    image = read_image(save(tmp_path / f"a.{suffix}"), 8, 3)
    assert image.shape == (3, 8, 8) and image.dtype == np.uint8
    np.testing.assert_allclose(image.mean((1, 2)), RED, atol=3)


def test_gray_weighs_the_colors(tmp_path):
    gray = read_image(save(tmp_path / "a.png"), 8, 1)
    assert gray.shape == (1, 8, 8)
    np.testing.assert_allclose(gray, 0.299 * 255, atol=1)  # ITU-R BT.601


def test_gray_in_three_channels(tmp_path):
    image = read_image(save(tmp_path / "a.png", 77, mode="L"), 8, 3)
    assert np.all(image == 77)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_become_eight(tmp_path, suffix, channels):
    deep = np.repeat(np.array([0, 0x40FF, 0x8000, 0xFFFF], np.uint16), 4).reshape(4, 4)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), deep)
    image = read_image(tmp_path / f"a.{suffix}", 4, channels)
    for plane in image:
        np.testing.assert_allclose(plane[:, 0], [0, 64, 128, 255], atol=1)


def test_cmyk_jpeg(tmp_path):
    path = save(tmp_path / "a.jpg", (0, 255, 255, 0), mode="CMYK")
    np.testing.assert_allclose(read_image(path, 8, 3).mean((1, 2)), RED, atol=3)


def test_transparency_is_dropped(tmp_path):
    path = save(tmp_path / "a.png", (255, 0, 0, 0), mode="RGBA")
    np.testing.assert_array_equal(read_image(path, 8, 3).mean((1, 2)), RED)


def test_one_pixel(tmp_path):
    path = save(tmp_path / "a.png", (10, 20, 30), size=(1, 1))
    image = read_image(path, 16, 3)
    assert np.all(image == np.array([10, 20, 30])[:, None, None])


def test_orientation_of_the_camera_is_obeyed(tmp_path):
    left_red = Image.new("RGB", (16, 16))
    left_red.paste(RED, (0, 0, 8, 16))
    exif = left_red.getexif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    left_red.save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg", 16, 3)
    assert image[0, :7].mean() > 240 and image[0, 9:].mean() < 15


def test_a_file_too_large_to_be_an_image_is_not_read(tmp_path):
    with open(tmp_path / "a.png", "wb") as file:
        file.truncate(2**40)  # a hole, which takes no space on the disk
    with pytest.raises(UserError, match="larger than"):
        read_image(tmp_path / "a.png", 8, 1)


@pytest.mark.parametrize("side", [8_001, 16_000])  # just too large for us, and for Pillow
def test_a_bomb_takes_no_memory(tmp_path, side):
    (tmp_path / "bomb.png").write_bytes(png(side, side))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="larger than 64 megapixels"):
        read_image(tmp_path / "bomb.png", 8, 1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


@pytest.mark.filterwarnings("ignore")  # Pillow's, on odd headers
@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp", "ppm"])
def test_mutations_of_a_good_image_end_in_pixels_or_one_line(tmp_path, suffix):
    good = save(tmp_path / f"good.{suffix}").read_bytes()
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
            assert read_image(path, 8, 3).shape == (3, 8, 8)
        except UserError as error:
            assert "\n" not in str(error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # KiB
