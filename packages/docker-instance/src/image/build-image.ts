import type { DockerClient } from '../engine/docker-client.ts';
import { shareEngine } from '../engine/shared-engine.ts';
import { type BuildImageOptions, buildDefaultImage } from './build.ts';

/**
 * Builds the image that instances run in by default. Default deadline 15 min.
 * @returns where it was built from: a registry, or the programs of this machine
 * @throws {InstanceError} CCB_IMAGE_BUILD with the last lines of its output, CCB_TIMEOUT, CCB_BACKEND_UNREACHABLE,
 * CCB_PROGRAM_NOT_FOUND and CCB_NOT_SUPPORTED for what this machine lacks
 * @throws {TypeError} for options that make no sense
 */
export async function buildImage(
  options: BuildImageOptions & { readonly docker?: DockerClient | undefined } = {},
): Promise<'registry' | 'host'> {
  using share = shareEngine(options.docker);
  return await buildDefaultImage(share.engine, options);
}
