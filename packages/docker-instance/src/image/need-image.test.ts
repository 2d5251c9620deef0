import { InstanceError } from '@ccb/instance-interface';
import { describe, expect, test } from 'vitest';
import { ensureImage } from './need-image.ts';

const inspection = { id: 'sha256:1', digest: undefined, labels: {}, user: '' };

/** An engine that has some images, and a registry that has others. */
class Images {
  readonly address = 'unix:///test.sock';
  readonly pulled: string[] = [];
  readonly #here: Set<string>;
  readonly #published: ReadonlySet<string>;

  constructor(here: readonly string[] = [], published: readonly string[] = []) {
    this.#here = new Set(here);
    this.#published = new Set(published);
  }

  inspectImage(name: string): Promise<typeof inspection | undefined> {
    return Promise.resolve(this.#here.has(name) ? inspection : undefined);
  }

  async pullImage(name: string, progress?: (line: string) => void): Promise<void> {
    this.pulled.push(name);
    if (!this.#published.has(name)) throw new InstanceError('CCB_NOT_FOUND', 'The registry said: manifest unknown.');
    progress?.('Pull complete');
    this.#here.add(name);
  }
}

describe('an image that is here', () => {
  test.each(['missing', 'never'] as const)('is taken as it is (%s)', async (pull) => {
    const images = new Images(['debian:12'], ['debian:12']);
    expect(await ensureImage(images, 'debian:12', pull)).toBe(inspection);
    expect(images.pulled).toEqual([]);
  });

  test('is pulled again where that is asked for, and the progress told', async () => {
    const images = new Images(['debian:12'], ['debian:12']);
    const lines: string[] = [];
    expect(await ensureImage(images, 'debian:12', 'always', (line) => lines.push(line))).toBe(inspection);
    expect([images.pulled, lines]).toEqual([['debian:12'], ['Pull complete']]);
  });
});

describe('an image that is not here', () => {
  test('is pulled', async () => {
    const images = new Images([], ['debian:12']);
    expect(await ensureImage(images, 'debian:12', 'missing')).toBe(inspection);
    expect(images.pulled).toEqual(['debian:12']);
  });

  test('is not pulled where that is not wanted; the error says how', async () => {
    const images = new Images([], ['debian:12']);
    const error = await ensureImage(images, 'debian:12', 'never').catch((reason: unknown) => reason);
    expect(InstanceError.is(error, 'CCB_NOT_FOUND') && error.message).toContain('`docker pull debian:12`');
    expect(images.pulled).toEqual([]);
  });

  test.each(['missing', 'always'] as const)('and not published gives what the registry said (%s)', async (pull) => {
    const error = await ensureImage(new Images(), 'no/such', pull).catch((reason: unknown) => reason);
    expect(InstanceError.is(error, 'CCB_NOT_FOUND') && error.message).toMatch(
      /manifest unknown.*`docker pull no\/such`/,
    );
  });
});

describe('the default image', () => {
  const names = ['ccb/claude', 'ccb/claude:latest', 'ccb/claude:2'];

  test.each(names)('is never pulled, whoever publishes something of that name (%s)', async (name) => {
    for (const pull of ['missing', 'always', 'never'] as const) {
      const images = new Images([], names);
      const error = await ensureImage(images, name, pull).catch((reason: unknown) => reason);
      expect(InstanceError.is(error, 'CCB_NOT_FOUND') && error.message).toContain('`ccb image build`');
      expect(images.pulled).toEqual([]);
    }
  });

  test('is taken as it is where it was built', async () => {
    expect(await ensureImage(new Images(['ccb/claude']), 'ccb/claude', 'always')).toBe(inspection);
  });

  test('is not any image whose name begins like it', async () => {
    const images = new Images([], ['ccb/claude-tools']);
    expect(await ensureImage(images, 'ccb/claude-tools', 'missing')).toBe(inspection);
  });
});

test('what the engine itself suffers passes as it is', async () => {
  const gone = new InstanceError('CCB_BACKEND_UNREACHABLE', 'no engine');
  const images = {
    address: 'x',
    inspectImage: () => Promise.resolve(undefined),
    pullImage: () => Promise.reject(gone),
  };
  await expect(ensureImage(images, 'debian:12', 'missing')).rejects.toBe(gone);
});
