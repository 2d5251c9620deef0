import { describe, expect, it } from 'vitest';
import { type Asked, refused, unreachable } from './errors.ts';

const ADDRESS = 'unix:///run/docker.sock';
const START: Asked = { doing: 'start the container box', subject: { kind: 'container', name: 'box' } };
const REFUSALS: readonly (readonly [code: string, status: number, words: string])[] = [
  ['CCB_NOT_FOUND', 404, 'No such container: box'],
  ['CCB_NOT_FOUND', 500, 'no such container'],
  ['CCB_NAME_TAKEN', 409, 'Conflict. The container name "/box" is already in use by container "f00".'],
  ['CCB_NAME_TAKEN', 500, 'creating container storage: the container name "box" is already in use by f00.'],
  ['CCB_NAME_TAKEN', 409, 'network with name box already exists'],
  ['CCB_INVALID_STATE', 409, 'Container f00 is not running'],
  ['CCB_INVALID_STATE', 409, 'Container f00 is paused, unpause the container before exec'],
  ['CCB_INVALID_STATE', 500, 'can only create exec sessions on running containers: container state improper'],
  [
    'CCB_PROGRAM_NOT_FOUND',
    400,
    'runc create failed: unable to start: exec: "nosuch": executable file not found in $PATH',
  ],
  ['CCB_PROGRAM_NOT_FOUND', 400, 'OCI runtime create failed: exec: "/nosuch": stat /nosuch: no such file or directory'],
  ['CCB_PROGRAM_NOT_FOUND', 400, 'exec: "/etc": permission denied'],
  ['CCB_PROGRAM_NOT_FOUND', 500, 'crun: executable file `nosuch` not found in $PATH: No such file or directory'],
  ['CCB_PROGRAM_NOT_FOUND', 400, 'exec /ccb/node: exec format error'],
  ['CCB_DISK_FULL', 500, 'mkdir /var/lib/docker/overlay2/x: no space left on device'],
  ['CCB_BACKEND_UNREACHABLE', 400, 'Client sent an HTTP request to an HTTPS server.'],
  ['CCB_ENGINE_REFUSED', 400, 'invalid mount config for type "bind": bind source path does not exist: /x'],
  ['CCB_ENGINE_REFUSED', 400, 'error mounting "/x" to rootfs at "/y": mount /x:/y: no such file or directory'],
  [
    'CCB_ENGINE_REFUSED',
    400,
    'exec failed: chdir to cwd ("/nosuch") set in config.json failed: no such file or directory',
  ],
  ['CCB_ENGINE_REFUSED', 500, 'driver failed programming external connectivity: port is already allocated'],
  ['CCB_ENGINE_REFUSED', 500, ''],
];

describe('a refusal of the engine', () => {
  it.each(REFUSALS)('is %s (%i: %s)', (code, status, words) => {
    const error = refused(status, words, START, ADDRESS);
    expect(error).toMatchObject({
      code,
      cause: expect.objectContaining({ message: expect.stringContaining(`${status}`) }),
    });
    expect(error.message).toMatch(/box|docker/);
  });

  it('may be another one later only where the engine itself failed', () => {
    expect(refused(500, 'oops', START, ADDRESS).retryable).toBe(true);
    expect(refused(400, 'bad parameter', START, ADDRESS).retryable).toBe(false);
  });

  it('of an image says which, and how to get it', () => {
    const asked = { ...START, doing: 'create the container box' };
    expect(refused(404, 'No such image: debian:12', asked, ADDRESS)).toMatchObject({
      code: 'CCB_NOT_FOUND',
      message: expect.stringMatching(/create the container box.*no image debian:12.*`docker pull debian:12`/),
    });
    expect(refused(404, 'No such image: ccb/claude:latest', asked, ADDRESS).message).toMatch(/`ccb image build`/);
    expect(refused(404, 'No such image: other/ccb/claude', asked, ADDRESS).message).not.toMatch(/ccb image build/);
  });

  it('does not repeat the value of a variable', () => {
    const asked = { ...START, env: ['=sk-very-secret', 'A=b'] };
    const error = refused(400, 'invalid environment variable: =sk-very-secret', asked, ADDRESS);
    expect(`${error.message} ${error.cause}`).not.toContain('sk-very-secret');
    expect(error.message).toContain('invalid environment variable');
  });

  it('is not repeated at any length', () => {
    expect(refused(500, 'long '.repeat(10_000), START, ADDRESS).message.length).toBeLessThan(1_000);
  });
});

describe('an engine that cannot be asked', () => {
  const failure = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

  it.each(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND'])('is unreachable for now (%s)', (code) => {
    expect(unreachable(failure(code), START, ADDRESS)).toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      retryable: true,
      message: expect.stringMatching(/unix:\/\/\/run\/docker\.sock.*start the container box.*DOCKER_HOST/),
    });
  });

  it('says what a user without permission does', () => {
    expect(unreachable(failure('EACCES'), START, ADDRESS)).toMatchObject({
      code: 'CCB_BACKEND_UNREACHABLE',
      retryable: false,
      message: expect.stringMatching(/usermod -aG docker.*rootless/),
    });
  });

  it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO'])('names TLS (%s)', (code) => {
    expect(unreachable(failure(code), START, ADDRESS)).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/TLS.*DOCKER_CERT_PATH/),
    });
  });
});
