import type { Random } from './random.ts';

/** A command whose whole answer is known beforehand. */
export interface Numbered {
  readonly id: string;
  readonly text: string;
  readonly output: string;
}

/** Numbered lines of varying lengths, slow enough to be struck in the middle. Notes its id in the file `ran` when it runs. */
export function numbered(random: Random, ran: string, lines = 10_000): Numbered {
  const id = `c-${random.id()}`;
  const factor = random.integer(1_000, 9_999);
  const modulus = random.integer(20, 150);
  const pad = random.id().repeat(30).slice(0, 150).padEnd(150, '.');
  const text = [
    `echo ${id} >> '${ran}'`,
    `pad=${pad}`,
    `for ((i = 1; i <= ${lines}; i++)); do`,
    `  echo "$i \${pad:0:i * ${factor} % ${modulus}}"`,
    '  ((i % 400)) || sleep 0.01',
    'done',
  ].join('\n');
  const output = Array.from({ length: lines }, (_, i) => `${i + 1} ${pad.slice(0, ((i + 1) * factor) % modulus)}\n`);
  return { id, text, output: output.join('') };
}
