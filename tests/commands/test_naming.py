"""Names for what is made of images."""

from pathlib import Path

import pytest

from paddle_gan.commands.naming import check_outputs, names_of
from paddle_gan.errors import UserError
from tests.data.files import save


def test_the_old_suffix_stays_only_where_names_would_be_the_same():
    given = ["a.jpg", "sub/a.jpg", "b.jpg", "b.png", "b.jpg.png", "c"]
    named = ["a.png", "sub/a.png", "b.jpg.png", "b.png.png", "b.jpg.png.png", "c.png"]
    assert names_of([Path(each) for each in given]) == [Path(each) for each in named]


def test_every_image_of_a_source_is_kept(tmp_path):
    for name in ("a.jpg", "sub/b.png"):
        save(tmp_path / name)
    check_outputs(tmp_path, [tmp_path / "a.png", tmp_path / "b.png"])
    with pytest.raises(UserError, match="^[^ ]*/sub/b.png would be overwritten; give another --ou"):
        check_outputs(tmp_path, [tmp_path / "a.png", tmp_path / "sub/../sub/b.png"])
    with pytest.raises(UserError, match="a.jpg would be overwritten"):
        check_outputs(tmp_path / "a.jpg", [tmp_path / "a.jpg"])
