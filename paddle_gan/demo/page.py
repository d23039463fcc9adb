"""The page, made of Gradio's parts."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

import numpy as np

from paddle_gan.checkpoints.generators import Opened
from paddle_gan.demo.playing import Drawer, Translator
from paddle_gan.errors import UserError
from paddle_gan.exporting.controls import MOST, TEXTS, classes_of, open_for_page, title_of

_PORT = 7860  # Gradio's own


def serve(checkpoint: str | os.PathLike, port: int | None = None) -> None:
    """Serve a page for a checkpoint on 127.0.0.1 until it is interrupted.

    ``port`` is what GRADIO_SERVER_PORT says, or 7860, unless given. Raises UserError without
    Gradio, for a port that is taken or out of range, and for a checkpoint that neither draws nor
    translates images.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    try:
        import gradio as gr
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name} is not installed; python -m pip install -e '.[demo]' installs what the "
            "page is made of"
        ) from error
    if port is None:
        port = os.environ.get("GRADIO_SERVER_PORT", str(_PORT))
    if not (str(port).isdecimal() and 1 <= int(port) <= 65535):
        raise UserError(f"port {port}: it must be a whole number from 1 to 65535")
    say = gr.I18n(**TEXTS)
    with tempfile.TemporaryDirectory() as films:
        page = _page(gr, say, checkpoint, Path(films))
        plain = gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"])
        try:
            page.launch(
                server_name="127.0.0.1",
                server_port=int(port),
                i18n=say,
                theme=plain,
                css="img, canvas { image-rendering: pixelated }",
                allowed_paths=[films],
                footer_links=[],
                ssr_mode=False,
                quiet=True,  # or it tells how to open the page to everybody
                prevent_thread_lock=True,
            )
        except OSError as error:
            raise UserError(f"--port {port}: {error}; name another") from error
        print(f"the page is at http://127.0.0.1:{port}; Ctrl-C ends it", flush=True)
        page.block_thread()


def _page(gr, say, checkpoint: str | os.PathLike, films: Path):
    """What is served: of what kind the checkpoint is decides."""
    kind, opened = open_for_page(checkpoint)
    opened.fold()
    title = title_of(opened)
    with gr.Blocks(title=title, analytics_enabled=False) as page:
        gr.Markdown(f"# {title}")
        _KINDS[kind](gr, say, opened, films)
    return page


def _draws(gr, say, opened: Opened, films: Path) -> None:
    drawer, classes = Drawer(opened), classes_of(opened) or [""]
    with gr.Row():
        seed = gr.Number(0, label=say("seed"), precision=0, minimum=0, elem_id="seed")
        class_ = gr.Dropdown(
            classes,
            value=classes[0],
            label=say("class"),
            visible=classes != [""],
            elem_id="class",
        )
        truncation = gr.Slider(
            0.1, MOST, MOST, step=0.1, label=say("truncation"), elem_id="truncation"
        )
    with gr.Row():
        with gr.Column():
            ways = [
                gr.Slider(-4, 4, 0, step=0.1, label=say(f"way{i}"), elem_id=f"way{i}")
                for i in range(len(drawer.directions))
            ]
            reset = gr.Button(say("reset"), elem_id="reset")
        image = gr.Image(label=say("drawing"), format="png", elem_id="image", interactive=False)
    with gr.Row():
        with gr.Column():
            seeds = gr.Textbox("3, 9, 12", label=say("seeds"), elem_id="seeds")
            frames = gr.Slider(2, 200, 60, step=1, label=say("frames"), elem_id="frames")
            go = gr.Button(say("go"), elem_id="go")
        film = gr.Image(label=say("walk"), type="filepath", elem_id="walk", interactive=False)
    asked = [seed, class_, truncation, *ways]
    draw = dict(fn=_told(gr, drawer.draw), inputs=asked, outputs=image, show_progress="hidden")
    for each in (seed, class_, truncation, *ways):
        each.change(**draw, api_name="draw" if each is seed else False)
    walk = _told(gr, functools.partial(drawer.walk, folder=films))
    go.click(walk, [seeds, class_, truncation, frames], film, api_name="walk")
    reset.click(lambda: [0] * len(ways), None, ways, api_name=False)
    gr.on(None, **draw, api_name=False)  # when the page opens


def _translates(gr, say, opened: Opened, films: Path) -> None:
    translator, domains = Translator(opened), classes_of(opened) or [""]
    with gr.Row():
        to = gr.Dropdown(
            domains,
            value=domains[0],
            label=say("domain"),
            visible=translator.to_domains,
            elem_id="domain",
        )
        seed = gr.Number(
            0,
            label=say("style"),
            precision=0,
            minimum=0,
            visible=translator.in_styles,
            elem_id="style",
        )
        mix = gr.Slider(
            0, 1, 1, step=0.05, label=say("mix"), visible=translator.in_styles, elem_id="mix"
        )
    black = np.zeros((320, 320, 3), "uint8")
    with gr.Row():
        given = gr.ImageEditor(
            {"background": black, "layers": [], "composite": black},
            label=say("input"),
            type="filepath",
            format="png",
            brush=gr.Brush(default_size=16, colors=["#ffffff", "#000000"], default_color="#ffffff"),
            canvas_size=(320, 320),
            elem_id="input",
        )
        reference = gr.Image(
            label=say("reference"),
            sources=["upload", "clipboard"],
            type="filepath",
            format="png",
            visible=translator.in_styles,
            elem_id="reference",
        )
        there = gr.Image(label=say("output"), format="png", elem_id="output", interactive=False)
        outputs = [there]
        if translator.returns:
            outputs.append(gr.Image(label=say("back"), format="png", elem_id="back"))
    go = gr.Button(say("translate"), elem_id="go")
    translate = _told(gr, translator.translate)
    go.click(translate, [given, to, seed, reference, mix], outputs, api_name="translate")


def _told(gr, function):
    """The function, its one-line errors shown on the page."""

    @functools.wraps(function)
    def call(*arguments):
        try:
            return function(*arguments)
        except UserError as error:
            raise gr.Error(str(error)) from error

    return call


_KINDS = {"draws": _draws, "translates": _translates}
