import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint, homeOf, parseHost, type Tls } from './endpoint.ts';
import { Fields } from './fields.ts';

/** The context that the docker command would use, unless it is the default one. */
export function currentContext(env: NodeJS.ProcessEnv): string | undefined {
  const name = env.DOCKER_CONTEXT || currentOf(join(directoryOf(env), 'config.json'));
  return name === '' || name === 'default' ? undefined : name;
}

/** @throws {TypeError} there is no such context, or it has no engine */
export function contextEndpoint(name: string, env: NodeJS.ProcessEnv): Endpoint {
  const contexts = join(directoryOf(env), 'contexts');
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(contexts, 'meta', id, 'meta.json');
  if (!existsSync(file)) {
    throw new TypeError(
      `There is no docker context ${name} (${file}). \`docker context ls\` lists them; set DOCKER_CONTEXT or DOCKER_HOST.`,
    );
  }
  const docker = readFields(file).in('Endpoints').in('docker');
  const certificates = join(contexts, 'tls', id, 'docker');
  const verify = !docker.flag('SkipTLSVerify');
  const tls: Tls | undefined = existsSync(certificates) ? { directory: certificates, verify } : undefined;
  return parseHost(docker.text('Host'), `The host of the docker context ${name}`, tls);
}

function directoryOf(env: NodeJS.ProcessEnv): string {
  return env.DOCKER_CONFIG || join(homeOf(env), '.docker');
}

function currentOf(file: string): string {
  return existsSync(file) ? readFields(file).text('currentContext') : '';
}

function readFields(file: string): Fields {
  try {
    return new Fields(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new TypeError(`${file} cannot be read as JSON. Mend it, or set DOCKER_HOST.`, { cause });
  }
}
