// A canvas to draw on with the mouse, or to load an image into.

/**
 * Fill a figure with one, size x size pixels; `pen()` is a color, `ground` is behind an image.
 * Of what it returns `empty` tells whether nothing was drawn, `opened` is to be awaited.
 */
export function easel(figure, size, pen, ground) {
  figure.prepend(document.getElementById("easel").content.cloneNode(true));
  const canvas = figure.querySelector("canvas");
  [canvas.width, canvas.height] = [size, size];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const made = { canvas };

  function fill(color) {
    context.fillStyle = color;
    context.fillRect(0, 0, size, size);
  }

  function clear() {
    fill("black");
    Object.assign(made, { empty: true, opened: null });
    figure.querySelector("[type=file]").value = "";
  }

  async function open(file) {
    const whole = await createImageBitmap(file);
    const side = Math.min(whole.width, whole.height); // the square in the middle
    const at = [(whole.width - side) / 2, (whole.height - side) / 2, side, side];
    const to = { resizeWidth: size, resizeHeight: size, resizeQuality: "high" };
    const square = await createImageBitmap(whole, ...at.map(Math.floor), to);
    fill(ground);
    context.drawImage(square, 0, 0);
    made.empty = false;
  }

  function stroke(event) {
    if (!(event.buttons & 1)) return;
    const scale = size / canvas.clientWidth;
    const [x, y] = [event.offsetX * scale, event.offsetY * scale];
    Object.assign(context, { strokeStyle: pen(), lineCap: "round", lineWidth: size / 16 });
    context.beginPath();
    context.moveTo(x - event.movementX * scale, y - event.movementY * scale);
    context.lineTo(x, y);
    context.stroke();
    made.empty = false;
  }

  canvas.addEventListener("pointerdown", stroke);
  canvas.addEventListener("pointermove", stroke);
  figure.querySelector("button").addEventListener("click", clear);
  figure.querySelector("[type=file]").addEventListener("change", (event) => {
    made.opened = open(event.target.files[0]);
  });
  clear();
  return made;
}
