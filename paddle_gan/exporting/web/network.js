// Networks in the browser: models that onnxruntime runs, and images as canvases have them.

import * as ort from "./onnxruntime.js";

async function fetched(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

/** What page.json says, with the latents of its seeds. */
export async function description() {
  const page = await (await fetched("page.json")).json();
  page.latents = new Float32Array(await (await fetched("latents.bin")).arrayBuffer());
  return page;
}

/** The models of that name, each a function from its inputs by name to its output. */
export async function load(names) {
  const unpacked = (await fetched("onnxruntime.wasm.bin")).body.pipeThrough(
    new DecompressionStream("gzip"),
  );
  ort.env.wasm.wasmBinary = await new Response(unpacked).arrayBuffer();
  ort.env.wasm.numThreads = 1; // more take headers that not every server sends
  const networks = {};
  for (const name of names) {
    const model = await (await fetched(`${name}.onnx`)).arrayBuffer();
    const session = await ort.InferenceSession.create(model);
    networks[name] = async (inputs) => (await session.run(inputs)).output;
  }
  return networks;
}

export function floats(values, ...shape) {
  return new ort.Tensor("float32", values, [1, ...shape]);
}

export function number(k) {
  return new ort.Tensor("int64", [BigInt(k)], [1]);
}

/** The image on a canvas as a network takes it. */
export function imageOf(canvas, channels) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const pixels = width * height;
  const values = new Float32Array(channels * pixels);
  for (let i = 0; i < pixels; i++) {
    const rgb = data.subarray(4 * i, 4 * i + 3);
    const gray = Math.round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
    for (let c = 0; c < channels; c++)
      values[c * pixels + i] = (channels === 1 ? gray : rgb[c]) / 127.5 - 1;
  }
  return floats(values, channels, height, width);
}

/** Show the image that a network gave. */
export function show(image, canvas) {
  const [, channels, height, width] = image.dims;
  const picture = new ImageData(width, height); // which rounds and clips what it is given
  const pixels = width * height;
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++)
      picture.data[4 * i + c] = (image.data[(channels === 1 ? 0 : c) * pixels + i] + 1) * 127.5;
    picture.data[4 * i + 3] = 255;
  }
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
