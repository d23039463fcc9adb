// Latents as the package makes them, Float32Array each.

/** The error function, by a series without cancellation (Abramowitz & Stegun 1964, 7.1.6). */
function erf(x) {
  let sum = 0;
  for (let n = 1, term = x; Math.abs(term) > 1e-17; n += 2, term *= (2 * x * x) / n) sum += term;
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** A draw from N(0, 1) moved to the same quantile of what lies within ±limit. */
function truncated(x, limit) {
  const share = erf(Math.abs(x) / Math.SQRT2) * erf(limit / Math.SQRT2);
  let [low, high] = [0, Math.abs(x)];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (erf(middle / Math.SQRT2) < share) low = middle;
    else high = middle;
  }
  return Math.sign(x) * low;
}

/** Which of the first coordinates is the largest, with the offsets of the classes. */
function largest(z, offsets) {
  const heights = offsets.map((offset, k) => z[k] + offset);
  return heights.indexOf(Math.max(...heights));
}

/** The latents of a seed, truncated unless the limit is the slider's end. */
export function ofSeed(page, seed, limit) {
  let z = page.latents.slice(seed * page.latent, (seed + 1) * page.latent);
  if (limit < page.most && page.prior === "uniform") z = z.map((x) => x * Math.min(limit, 1));
  else if (limit < page.most) z = z.map((x) => truncated(x, limit));
  if (page.mixture) {
    const k = page.mixture.chosen[seed];
    const rows = page.mixture.factors[k].map((row) => row.reduce((sum, f, j) => sum + f * z[j], 0));
    z = z.map((_, i) => page.mixture.means[k][i] + rows[i]);
  }
  if (page.regions) z[largest(z, page.regions.offsets)] += page.regions.margin;
  return z;
}

/** The latents moved by so many steps along each of the directions. */
export function along(z, directions, steps) {
  return z.map((x, i) => directions.reduce((sum, way, k) => sum + steps[k] * way[i], x));
}

/** Where latents stand for classes: the largest coordinate and that of the class change places. */
export function inClass(z, offsets, k) {
  const top = largest(z, offsets);
  const gap = z[top] + offsets[top] - z[k] - offsets[k];
  const moved = z.slice();
  moved[k] += gap;
  moved[top] -= gap;
  return moved;
}

/** Spherical interpolation (Shoemake 1985, eq. 2). */
function slerp(a, b, t) {
  const dot = (u, v) => u.reduce((sum, x, i) => sum + x * v[i], 0);
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  if (angle < 1e-6) return lerp(a, b, t);
  const [from, to] = [Math.sin((1 - t) * angle), Math.sin(t * angle)];
  return a.map((x, i) => (from * x + to * b[i]) / Math.sin(angle));
}

/** Linear interpolation. */
export function lerp(a, b, t) {
  return a.map((x, i) => (1 - t) * x + t * b[i]);
}

/** So many latents on a closed walk through the ends. */
export function walk(ends, frames, straight) {
  return Array.from({ length: frames }, (_, i) => {
    const stop = (i * ends.length) / frames;
    const k = Math.floor(stop);
    return (straight ? lerp : slerp)(ends[k], ends[(k + 1) % ends.length], stop - k);
  });
}
