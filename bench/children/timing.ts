/** Calls `once` so many times, one after the other. @returns µs of each */
export async function timeEach(count: number, once: () => Promise<unknown>): Promise<Float64Array> {
  const times = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const before = performance.now();
    await once();
    times[index] = (performance.now() - before) * 1000;
  }
  return times;
}
