import { execFileSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { InstanceError } from '@ccb/instance-interface';
import { describe, expect, test } from 'vitest';
import type { ImageProgress } from '../engine/engine.ts';
import { buildDefaultImage } from './build.ts';
import { buildContext } from './default-image.ts';
import { checkHost } from './host-image.ts';

const offline =
  'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: no such host';

/** Builds from a registry end as it is told to; images from the host are not unpacked. */
class Builder {
  readonly built: string[] = [];
  readonly imported: string[] = [];
  readonly #failure: InstanceError | undefined;

  constructor(failure?: InstanceError) {
    this.#failure = failure;
  }

  async buildImage(name: string, context: Readable, progress?: ImageProgress): Promise<void> {
    await buffer(context);
    for (let line = 1; line <= 30; line++) progress?.(`line ${line}`);
    if (this.#failure) throw this.#failure;
    this.built.push(name);
  }

  importImage(name: string): Promise<void> {
    this.imported.push(name);
    return Promise.resolve();
  }
}

function dockerfileIn(context: Buffer): string {
  return execFileSync('tar', ['-xO', 'Dockerfile'], { input: context, encoding: 'utf8' });
}

describe('the build context', () => {
  test('is the Dockerfile', async () => {
    const text = dockerfileIn(await buildContext());
    expect(text).toMatch(/^FROM node:/m);
    expect(text).toMatch(/^ARG CLAUDE_CODE_VERSION=\d+\.\d+\.\d+$/m);
  });

  test('names the version that is asked for, and changes nothing else', async () => {
    const [plain, asked] = [dockerfileIn(await buildContext()), dockerfileIn(await buildContext('2.1.197'))];
    expect(asked).toContain('\nARG CLAUDE_CODE_VERSION=2.1.197\n');
    expect(asked.replace('2.1.197', '')).toBe(plain.replace(/(VERSION=).*/, '$1'));
  });

  test.each(['', '2.1', '1.0.0; rm -rf /', 'latest\nRUN id', '--flag', '$1'])(
    'refuses %j as a version',
    async (version) => {
      await expect(buildContext(version)).rejects.toThrow(TypeError);
    },
  );
});

describe('where the default image comes from', () => {
  test('the registry, where that can be reached', async () => {
    const builder = new Builder();
    expect(await buildDefaultImage(builder)).toBe('registry');
    expect([builder.built, builder.imported]).toEqual([['ccb/claude'], []]);
  });

  test('nothing else is tried for a step that fails; its last lines are in the error', async () => {
    const builder = new Builder(new InstanceError('CCB_ENGINE_REFUSED', 'The command returned a non-zero code: 1'));
    const error = await buildDefaultImage(builder, { name: 'my/own' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CCB_IMAGE_BUILD', retryable: false });
    expect((error as Error).message).toMatch(/my\/own.*non-zero code: 1\nline 11\n.*\nline 30$/s);
    expect(builder.imported).toEqual([]);
  });

  test('only the registry where only that is asked for, though it cannot be reached', async () => {
    const builder = new Builder(new InstanceError('CCB_ENGINE_REFUSED', offline));
    const building = buildDefaultImage(builder, { from: 'registry' });
    await expect(building).rejects.toMatchObject({ code: 'CCB_IMAGE_BUILD', retryable: true });
    expect(builder.imported).toEqual([]);
  });

  test('an engine that is gone is not taken for a registry that is', async () => {
    const gone = new InstanceError('CCB_BACKEND_UNREACHABLE', 'dial tcp: connection refused');
    const builder = new Builder(gone);
    await expect(buildDefaultImage(builder)).rejects.toBe(gone);
    expect(builder.imported).toEqual([]);
  });

  test('a place that is none, or a version for the host, is a mistake', async () => {
    await expect(buildDefaultImage(new Builder(), { from: 'elsewhere' as 'auto' })).rejects.toThrow(TypeError);
    await expect(buildDefaultImage(new Builder(), { from: 'host', claudeVersion: 'latest' })).rejects.toThrow(
      TypeError,
    );
  });
});

describe('an image from the host', () => {
  test('needs Linux and the GNU C library', () => {
    expect(() => checkHost('darwin', true)).toThrow(expect.objectContaining({ code: 'CCB_NOT_SUPPORTED' }));
    expect(() => checkHost('linux', false)).toThrow(/musl/);
    expect(() => checkHost('linux', true)).not.toThrow();
  });
});
