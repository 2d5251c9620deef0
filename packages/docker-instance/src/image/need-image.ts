import { type CallOptions, InstanceError } from '@ccb/instance-interface';
import type { Engine, ImageInspection, ImageProgress } from '../engine/engine.ts';
import { isDefaultImage } from './default-image.ts';

/** What of an engine is needed for it. */
type Images = Pick<Engine, 'address' | 'inspectImage' | 'pullImage'>;

/**
 * The image, pulled where that is asked for. The default image is never pulled: nobody publishes it.
 * @throws {InstanceError} CCB_NOT_FOUND, saying what makes or fetches it
 */
export async function ensureImage(
  engine: Images,
  name: string,
  pull: 'missing' | 'always' | 'never',
  progress?: ImageProgress,
  call?: CallOptions,
): Promise<ImageInspection> {
  const mayPull = pull !== 'never' && !isDefaultImage(name);
  const here = mayPull && pull === 'always' ? undefined : await engine.inspectImage(name, call);
  if (here !== undefined) return here;
  if (!mayPull) throw missing(engine, name);
  await pullOrExplain(engine, name, progress, call);
  const pulled = await engine.inspectImage(name, call);
  if (pulled === undefined) throw missing(engine, name);
  return pulled;
}

async function pullOrExplain(
  engine: Images,
  name: string,
  progress: ImageProgress | undefined,
  call: CallOptions | undefined,
): Promise<void> {
  try {
    await engine.pullImage(name, progress, call);
  } catch (cause) {
    if (!InstanceError.is(cause, 'CCB_NOT_FOUND') && !InstanceError.is(cause, 'CCB_ENGINE_REFUSED')) throw cause;
    const message = `The image ${name} is not here and cannot be pulled: ${cause.message} To look into it: \`docker pull ${name}\`.`;
    throw new InstanceError('CCB_NOT_FOUND', message, { cause, retryable: cause.retryable });
  }
}

function missing(engine: Images, name: string): InstanceError {
  const remedy = isDefaultImage(name)
    ? 'Nobody publishes it. Make it: `ccb image build`.'
    : `Get it: \`docker pull ${name}\`.`;
  return new InstanceError('CCB_NOT_FOUND', `The engine at ${engine.address} has no image ${name}. ${remedy}`);
}
