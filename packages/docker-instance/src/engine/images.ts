import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { CallOptions } from '@ccb/instance-interface';
import type { ImageInspection, ImageProgress } from './engine.ts';
import type { Subject } from './errors.ts';
import type { Fields } from './fields.ts';
import { followProgress } from './progress.ts';
import type { Request, Wire } from './wire.ts';

const TRANSFER_QUIET_MS = 60_000;
// One step of a build, an installation by npm for example, may say nothing for minutes.
const BUILD_QUIET_MS = 300_000;

export class Images {
  readonly #wire: Wire;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  async inspect(name: string, call?: CallOptions): Promise<ImageInspection | undefined> {
    const asked = about(name, `inspect the image ${name}`);
    const answer = await this.#wire.ask({ ...asked, method: 'GET', path: `${pathOf(name)}/json`, accept: [404] }, call);
    return answer.status === 404
      ? undefined
      : imageInspection(this.#wire.fieldsOf(answer, { ...asked, needs: ['Id'] }));
  }

  async pull(name: string, progress?: ImageProgress, call?: CallOptions): Promise<void> {
    const { repository, tag } = referenceOf(name);
    const request: Request = {
      ...about(name, `pull the image ${name}`),
      method: 'POST',
      path: '/images/create',
      query: { fromImage: repository, ...(tag === undefined ? {} : { tag }) },
    };
    await followProgress(this.#wire, request, progress, { quietMs: TRANSFER_QUIET_MS }, call);
  }

  async build(name: string, context: Readable, progress?: ImageProgress, call?: CallOptions): Promise<void> {
    const request = {
      ...about(name, `build the image ${name}`),
      method: 'POST',
      path: '/build',
      query: { t: name, rm: true, forcerm: true },
    } as const;
    await this.#upload(request, context, BUILD_QUIET_MS, progress, call);
  }

  async import(
    name: string,
    root: Readable,
    changes: readonly string[],
    progress?: ImageProgress,
    call?: CallOptions,
  ): Promise<void> {
    const request = {
      ...about(name, `import the image ${name}`),
      method: 'POST',
      path: '/images/create',
      // podman takes the tag from the repository alone, and Docker does so too.
      query: { fromSrc: '-', repo: name, changes },
    } as const;
    await this.#upload(request, root, TRANSFER_QUIET_MS, progress, call);
  }

  async remove(name: string, call?: CallOptions): Promise<void> {
    const asked = about(name, `remove the image ${name}`);
    await this.#wire.ask({ ...asked, method: 'DELETE', path: pathOf(name), accept: [404] }, call);
  }

  async #upload(
    request: Request,
    source: Readable,
    quietMs: number,
    progress?: ImageProgress,
    call?: CallOptions,
  ): Promise<void> {
    const file = new PassThrough();
    // What goes wrong with either end ends the other; the request tells it.
    pipeline(source, file, () => {});
    try {
      const onUpload = (progressed: () => void): void => void file.on('drain', progressed);
      await followProgress(this.#wire, { ...request, file }, progress, { quietMs, onUpload }, call);
    } finally {
      file.destroy();
      source.destroy();
    }
  }
}

function pathOf(name: string): string {
  return `/images/${name.split('/').map(encodeURIComponent).join('/')}`;
}

function about(name: string, doing: string): { readonly doing: string; readonly subject: Subject } {
  return { doing, subject: { kind: 'image', name } };
}

function imageInspection(found: Fields): ImageInspection {
  const config = found.in('Config');
  return {
    id: found.text('Id'),
    digest: found.texts('RepoDigests')[0],
    labels: config.in('Labels').textMap(),
    user: config.text('User'),
  };
}

/** Without a tag the engine would fetch every one of the repository. */
function referenceOf(name: string): { readonly repository: string; readonly tag: string | undefined } {
  if (name.includes('@')) return { repository: name, tag: undefined };
  const colon = name.lastIndexOf(':');
  // A colon before a slash is the port of a registry.
  if (colon <= name.lastIndexOf('/')) return { repository: name, tag: 'latest' };
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}
