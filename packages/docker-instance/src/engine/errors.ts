import { InstanceError, type InstanceErrorCode } from '@ccb/instance-interface';

/** What a request was about, for the words and for what a 404 means. */
export interface Asked {
  /** In the infinitive: `inspect the container x`. Never an environment, never a spec. */
  readonly doing: string;
  readonly subject: Subject;
  /** `NAME=value`: an engine that refuses one of these may repeat it, and its words go on without the values. */
  readonly env?: readonly string[] | undefined;
}

export interface Subject {
  readonly kind: 'container' | 'image' | 'network' | 'volume' | 'engine';
  readonly name: string;
}

const DENIED = new Set(['EACCES', 'EPERM']);
const TLS = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO$)/;
// What is shorter stands in any sentence.
const SHORTEST_HIDDEN = 4;
const DEFAULT_IMAGE = /^ccb\/claude(:|$)/;

// runc, crun and containerd each say it in their own way; a missing source of a mount must not match.
const NO_PROGRAM =
  /\bexec(: "| \/)[^\n]*(executable file not found|no such file or directory|permission denied|is a directory)|executable file [^\n]*not found|exec format error/i;
const NO_IMAGE = /no such image|image not known|unable to find image|image [^\n]* not found/i;
const NAME_IN_USE = /name [^\n]*already (in use|exists)|already in use by/i;
const NOT_RUNNING =
  /is not running|is paused|is restarting|container state improper|only (kill|create exec sessions on) running/i;
const NO_SPACE = /no space left on device|disk quota exceeded/i;
const PLAIN_TO_TLS = /http request to an https server/i;

/** The engine could not be asked, or what it said is no answer. InstanceErrors pass. */
export function unreachable(error: unknown, asked: Asked, address: string): InstanceError {
  if (InstanceError.is(error)) return error;
  const code = codeOf(error);
  const said = inOneLine(error instanceof Error ? error.message : String(error));
  const head = `The engine at ${address} could not be asked to ${asked.doing}`;
  if (code !== undefined && DENIED.has(code)) {
    const advice =
      'This user may not use it: `sudo usermod -aG docker $USER` and log in again, or use a rootless engine.';
    return new InstanceError('CCB_BACKEND_UNREACHABLE', `${head}: no permission (${code}). ${advice}`, {
      cause: error,
    });
  }
  if (code !== undefined && TLS.test(code)) {
    const advice = 'Check DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem), DOCKER_TLS_VERIFY and the name in DOCKER_HOST.';
    return new InstanceError('CCB_BACKEND_UNREACHABLE', `${head}: TLS failed (${said}). ${advice}`, { cause: error });
  }
  const message = `${head}: ${said}. Start it, or say where it is: DOCKER_HOST or a docker context.`;
  return new InstanceError('CCB_BACKEND_UNREACHABLE', message, { cause: error, retryable: true });
}

/** An answer that cannot be read. */
export function unreadable(what: string, asked: Asked, address: string, cause?: unknown): InstanceError {
  const message = `The engine at ${address} was asked to ${asked.doing} and gave ${what}. Is it a Docker engine, and is it whole?`;
  return new InstanceError('CCB_BACKEND_UNREACHABLE', message, { cause, retryable: true });
}

/** The engine answered, and refused. podman says 500 where Docker says 404 or 409, so its words count before its status. */
export function refused(status: number, words: string, asked: Asked, address: string): InstanceError {
  const { subject } = asked;
  const said = inOneLine(withoutValues(words, asked.env));
  const cause = new Error(`HTTP ${status}: ${said}`);
  const fail = (code: InstanceErrorCode, text: string, retryable = false): InstanceError =>
    new InstanceError(code, text, { cause, retryable });

  if (NO_SPACE.test(words)) {
    return fail(
      'CCB_DISK_FULL',
      `The engine at ${address} could not ${asked.doing}: its disk is full (${said}). \`docker system df\` says what holds it.`,
    );
  }
  if (PLAIN_TO_TLS.test(words)) {
    return fail(
      'CCB_BACKEND_UNREACHABLE',
      `The engine at ${address} speaks TLS alone. Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH.`,
    );
  }
  if (NO_IMAGE.test(words) || (status === 404 && subject.kind === 'image'))
    return fail(...noImage(asked, said, address));
  if (isProgramMissing(words)) {
    return fail('CCB_PROGRAM_NOT_FOUND', `${subject.name}: its program cannot be run in this image (${said}).`);
  }
  if (isNameTaken(status, words)) {
    return fail(
      'CCB_NAME_TAKEN',
      `The engine at ${address} has another ${subject.kind} of the name ${subject.name}. Choose another name, or remove that one.`,
    );
  }
  if (isNotRunning(status, words)) {
    return fail('CCB_INVALID_STATE', `Cannot ${asked.doing}: ${said}.`);
  }
  if ((status === 404 && subject.kind !== 'engine') || /no such (container|network|volume)/i.test(words)) {
    return fail('CCB_NOT_FOUND', `The engine at ${address} has no ${subject.kind} ${subject.name} (${said}).`);
  }
  const failed = `The engine at ${address} would not ${asked.doing} (HTTP ${status}): ${said || 'it did not say why'}.`;
  return fail('CCB_ENGINE_REFUSED', failed, status >= 500);
}

export function isProgramMissing(words: string): boolean {
  return NO_PROGRAM.test(words);
}

export function isNotRunning(status: number, words: string): boolean {
  return (status === 409 || status === 500) && NOT_RUNNING.test(words);
}

function isNameTaken(status: number, words: string): boolean {
  return (status === 409 || status === 500) && NAME_IN_USE.test(words);
}

function noImage({ subject, doing }: Asked, said: string, address: string): [InstanceErrorCode, string] {
  // Creating a container from an image that is absent: the engine alone knows the image's name.
  const name = subject.kind === 'image' ? subject.name : (/image:? "?([^\s"]+)/i.exec(said)?.[1] ?? 'its image');
  const advice = DEFAULT_IMAGE.test(name)
    ? '`ccb image build` makes it'
    : `Check its name; \`docker pull ${name}\` fetches it, also where a login is needed`;
  const message = `The engine at ${address} could not ${doing}: there is no image ${name} (${said}). ${advice}.`;
  return ['CCB_NOT_FOUND', message];
}

function withoutValues(words: string, env: readonly string[] = []): string {
  const values = env.map((variable) => variable.slice(variable.indexOf('=') + 1));
  return values
    .filter((value) => value.length >= SHORTEST_HIDDEN)
    .reduce((text, value) => text.replaceAll(value, '…'), words);
}

function inOneLine(words: string): string {
  return words.trim().replaceAll(/\s+/g, ' ').slice(0, 500);
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
