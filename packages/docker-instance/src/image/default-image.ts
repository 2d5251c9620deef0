import { readFile } from 'node:fs/promises';
import { InstanceError } from '@ccb/instance-interface';
import { tarOf } from './tar.ts';

/** What an instance runs in when nothing else is asked for. It is built by `ccb image build`, and published nowhere. */
export const defaultImage = 'ccb/claude';

const VERSION_LINE = /^(ARG CLAUDE_CODE_VERSION=)(.*)$/m;
/** A version or a tag of npm: nothing that a shell or npm could take for something else. */
const VERSION = /^(\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?|[a-z]+)$/;

/**
 * Under any tag. Nobody owns that name at a registry in our name: what a pull would bring is somebody else's.
 */
export function isDefaultImage(name: string): boolean {
  return /^ccb\/claude([:@]|$)/.test(name);
}

/**
 * What an engine builds the default image from: a tar with a Dockerfile.
 * @param claudeVersion of Claude Code. Default: the one that the Dockerfile names
 * @throws {TypeError} when claudeVersion is no version
 */
export async function buildContext(claudeVersion?: string): Promise<Buffer> {
  if (claudeVersion !== undefined && !VERSION.test(claudeVersion)) {
    throw new TypeError(`claudeVersion must be a version such as 2.1.330: ${claudeVersion}`);
  }
  const text = await dockerfile();
  const content = claudeVersion === undefined ? text : text.replace(VERSION_LINE, `$1${claudeVersion}`);
  return tarOf([{ path: 'Dockerfile', mode: 0o644, content: Buffer.from(content) }]);
}

async function dockerfile(): Promise<string> {
  // From dist/, and from src/image/.
  const places = ['../image/Dockerfile', '../../image/Dockerfile'].map((place) => new URL(place, import.meta.url));
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new InstanceError(
    'CCB_NOT_FOUND',
    'The Dockerfile of the default image is not where this package was installed. Install @ccb/docker-instance again.',
  );
}
