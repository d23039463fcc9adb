"""Pictures in files, looked at by other readers."""

import numpy as np
import pytest
from PIL import Image

from paddle_gan.data.pixels import to_float
from paddle_gan.errors import UserError
from paddle_gan.sampling import pictures
from paddle_gan.system.files import write_whole


def test_to_uint8_undoes_to_float():
    values = np.arange(256, dtype="uint8")
    assert np.array_equal(pictures.to_uint8(to_float(values)), values)


def test_to_uint8_rounds_and_clips():
    found = pictures.to_uint8(np.array([-7, -1, -0.999, -0.99, 0, 0.5, 1, 1.001, 9], "float32"))
    # 0.001 * 127.5 = 0.1275; 0.01 * 127.5 = 1.275; 1 * 127.5 rounds to even; 1.5 * 127.5 = 191.25
    assert found.tolist() == [0, 0, 0, 1, 128, 191, 255, 255, 255]
    assert found.dtype == np.uint8


def test_grid_lays_images_out_in_rows():
    batch = np.arange(1, 6, dtype="uint8")[:, None, None, None] * np.ones((5, 1, 2, 3), "uint8")
    picture = pictures.grid(batch, border=1)
    expected = [  # 5 images take 3 columns and 2 rows
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 0],
        [0, 1, 1, 1, 0, 2, 2, 2, 0, 3, 3, 3, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 4, 4, 4, 0, 5, 5, 5, 0, 0, 0, 0, 0],
        [0, 4, 4, 4, 0, 5, 5, 5, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    assert picture.dtype == np.uint8
    assert picture[..., 0].tolist() == expected


@pytest.mark.parametrize(
    ("n", "columns", "shape"),
    [(1, None, (36, 36)), (64, None, (274, 274)), (10, 10, (36, 342)), (7, 2, (138, 70))],
)
def test_size_of_a_grid(n, columns, shape):
    assert pictures.grid(np.zeros((n, 3, 32, 32), "uint8"), columns).shape == (*shape, 3)


@pytest.mark.parametrize("channels", [1, 3])
def test_classes_have_rows_that_begin_with_their_names(channels):
    labels = np.arange(7) % 3  # 0 1 2 0 1 2 0
    images = (
        np.full((7, channels, 8, 8), 50, "uint8") + np.arange(7, dtype="uint8")[:, None, None, None]
    )
    picture = pictures.by_class({"samples": images}, labels, ["cat", "an elephant", "Löwe"])
    height, width, found = picture.shape
    assert (height, found) == (3 * 10 + 2, channels)
    right = picture[:, width - 3 * 10 - 2 :]
    cells = right[6::10, 6::10, 0]
    assert cells.tolist() == [[50, 53, 56], [51, 54, 0], [52, 55, 0]]
    margin = picture[:, : width - 3 * 10 - 2]
    rows = [margin[2 + 10 * row : 10 + 10 * row].max(axis=(0, 2)) > 99 for row in range(3)]
    long = [int(np.flatnonzero(row).max()) for row in rows]
    assert long[1] > long[0] > long[2]  # the last is the number 2, in letters that the font has


@pytest.mark.parametrize("labels", [[1] * 6, [0, 1, 2, 3, 4, 5]])
def test_one_class_or_one_image_of_each_make_a_plain_grid(labels):
    columns = {"samples": np.zeros((6, 1, 8, 8), "uint8")}
    found = pictures.by_class(columns, np.array(labels), list("abcdef"))
    assert np.array_equal(found, pictures.side_by_side(columns))


@pytest.fixture(params=[1, 3], ids=["gray", "color"])
def picture(request) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 17, request.param)).astype("uint8")


def test_png_keeps_every_pixel_and_the_order_of_colors(tmp_path, picture):
    path = tmp_path / "new" / "folder" / "picture.png"
    pictures.write_picture(path, picture)
    seen = np.asarray(Image.open(path))
    assert np.array_equal(np.atleast_3d(seen), picture)
    assert np.array_equal(pictures.read_picture(path), picture)
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]


def test_gif_has_all_frames_and_loops(tmp_path):
    frames = [np.full((8, 9, 1), 40 * i, "uint8") for i in range(5)]
    pictures.write_animation(tmp_path / "walk.gif", frames, seconds=1.0)
    with Image.open(tmp_path / "walk.gif") as animation:
        assert animation.n_frames == 5 and animation.size == (9, 8)
        assert animation.info["loop"] == 0
        levels = []
        for i in range(5):
            animation.seek(i)
            assert animation.info["duration"] == 200
            levels.append(int(np.asarray(animation.convert("L")).mean()))
    assert levels == [0, 40, 80, 120, 160]


def test_gif_in_color(tmp_path):
    color = np.array([200, 30, 90], "uint8")
    pictures.write_animation(tmp_path / "walk.gif", [np.tile(color, (8, 8, 1))] * 2, seconds=0.1)
    with Image.open(tmp_path / "walk.gif") as animation:
        assert np.abs(np.asarray(animation.convert("RGB")).astype(int) - color).max() <= 3


def test_npy_from_batches(tmp_path):
    whole = np.random.default_rng(0).normal(size=(7, 1, 4, 4)).astype("float32")
    path = tmp_path / "images.npy"
    pictures.write_npy(path, 7, iter([whole[:3], whole[3:6], whole[6:]]))
    found = np.load(path)
    assert found.dtype == np.float32 and np.array_equal(found, whole)


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "images.npy"
    path.write_bytes(b"old")

    def batches():
        yield np.zeros((3, 1, 4, 4), "float32")
        raise KeyError("the generator failed")

    with pytest.raises(KeyError):
        pictures.write_npy(path, 6, batches())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    for path in ("file/picture.png", "file/deeper/picture.png", "folder", "n" * 300 + ".png"):
        with pytest.raises(UserError, match="^cannot write .*; choose another place$"):
            write_whole(tmp_path / path, b"data")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]


def test_webp_keeps_every_pixel(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (12, 17, 3)).astype("uint8")
    pictures.write_picture(tmp_path / "picture.WebP", picture)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "picture.WebP")), picture)


@pytest.mark.parametrize("channels", [1, 3])
def test_mp4_shows_the_frames_enlarged(tmp_path, channels):
    """Read back by OpenCV: each frame a color, 28 pixels enlarged to the first multiple of 256."""
    cv2 = pytest.importorskip("cv2")
    colors = np.array([[250, 10, 90], [20, 200, 40], [0, 0, 240]])[:, :channels]
    frames = [np.full((28, 28, channels), color, "uint8") for color in colors]
    pictures.write_animation(tmp_path / "film.mp4", frames, seconds=0.3)
    film = cv2.VideoCapture(str(tmp_path / "film.mp4"))
    assert film.get(cv2.CAP_PROP_FPS) == 10
    for color in colors:
        there, frame = film.read()
        assert there and frame.shape == (280, 280, 3)
        assert np.abs(frame[140, 140, ::-1] - color.astype(float)).max() < 8
    assert not film.read()[0]
