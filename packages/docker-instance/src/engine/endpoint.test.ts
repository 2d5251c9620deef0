import { describe, expect, it } from 'vitest';
import { addressOf, parseHost } from './endpoint.ts';

const tls = { directory: '/certificates', verify: true };

describe('the host of an engine', () => {
  it.each([
    ['unix:///run/docker.sock', { protocol: 'unix', path: '/run/docker.sock' }],
    ['tcp://build:2375', { protocol: 'http', host: 'build', port: 2375 }],
    ['tcp://build', { protocol: 'http', host: 'build', port: 2375 }],
    ['10.0.0.7:1234', { protocol: 'http', host: '10.0.0.7', port: 1234 }],
    ['tcp://[::1]:2375', { protocol: 'http', host: '::1', port: 2375 }],
    ['http://build', { protocol: 'http', host: 'build', port: 80 }],
    ['https://build:8443', { protocol: 'https', host: 'build', port: 8443, tls: {} }],
    ['ssh://me@build:22022', { protocol: 'ssh', host: 'build', port: 22022, user: 'me' }],
    ['ssh://build', { protocol: 'ssh', host: 'build' }],
  ])('is read from %s', (text, endpoint) => {
    expect(parseHost(text, 'host')).toEqual(endpoint);
  });

  it('speaks TLS over tcp, at its own port, when there are certificates', () => {
    expect(parseHost('tcp://build', 'host', tls)).toEqual({ protocol: 'https', host: 'build', port: 2376, tls });
  });

  it.each([
    '',
    'unix://relative',
    'ftp://build',
    'tcp://',
    'ssh://me:word@build',
    'tcp://build/path',
    '/run/docker.sock',
  ])('is refused with its source and what it should be: %j', (text) => {
    expect(() => parseHost(text, 'DOCKER_HOST')).toThrow(/DOCKER_HOST is .*unix:\/\/\/path, tcp:\/\/host:port/);
  });

  it('never shows the password that stands in it', () => {
    expect(() => parseHost('ssh://me:hunter2@build', 'host')).toThrow(/^(?!.*hunter2)/);
  });

  it.each(['unix:///run/docker.sock', 'tcp://build:2375', 'ssh://me@build:22022', 'ssh://build', 'tcp://[::1]:2375'])(
    'is written as people do: %s',
    (text) => {
      expect(addressOf(parseHost(text, 'host'))).toBe(text);
    },
  );

  it('is written as tcp where it speaks TLS', () => {
    expect(addressOf(parseHost('tcp://build', 'host', tls))).toBe('tcp://build:2376');
  });
});
