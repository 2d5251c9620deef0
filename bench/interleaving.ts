/** What is measured and what it is measured against take turns, so that a busy moment of the machine meets all of them. */
export type Sides<Name extends string, Sample> = Readonly<Record<Name, () => Promise<Sample>>>;

/** Runs every side once per round, in a random order of its own. @returns per side one sample per round, in order of rounds */
export async function interleave<Name extends string, Sample>(
  rounds: number,
  sides: Sides<Name, Sample>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(sides) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of shuffled(names)) samples[name].push(await sides[name]());
  }
  return samples;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
