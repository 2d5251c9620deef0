import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DriverContext } from '../driver.ts';
import { SessionFile } from './session-file.ts';

const other = '8f14e45f-ceea-4e7b-8a4c-0d6bf2a4c1de';
let root: string;
let context: DriverContext;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ccb-session-'));
  context = {
    workspace: '/workspace',
    env: { HOME: root },
    directory: root,
    memory: root,
    args: [],
    log: () => {},
    spawned: () => {},
    exited: () => {},
    endStrays: () => {},
  };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function writeTranscript(sessionId: string): void {
  const folder = join(root, '.claude', 'projects', '-workspace');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${sessionId}.jsonl`), '{}\n');
}

describe('SessionFile', () => {
  it('begins a conversation, and begins it again while Claude Code has not written it down', () => {
    const first = new SessionFile(context).next();
    expect(first).toEqual({ sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/), resume: false });
    expect(new SessionFile(context).next()).toEqual(first);
  });

  it('goes on with what is written down, though its first turn was cut short', () => {
    const { sessionId } = new SessionFile(context).next();
    writeTranscript(sessionId);
    expect(new SessionFile(context).next()).toEqual({ sessionId, resume: true });
  });

  it('goes on with what was written down once, though that is gone: Claude Code shall say so', () => {
    const session = new SessionFile(context);
    const { sessionId } = session.next();
    writeTranscript(sessionId);
    session.use();
    rmSync(join(root, '.claude'), { recursive: true });
    expect(new SessionFile(context).next()).toEqual({ sessionId, resume: true });
  });

  it('follows to the conversation that a clear begins, which is written down with its next prompt', () => {
    const session = new SessionFile(context);
    writeTranscript(session.next().sessionId);
    session.use();
    session.follow(other);
    session.use();
    expect(new SessionFile(context).next()).toEqual({ sessionId: other, resume: false });
    session.follow('no uuid');
    expect(new SessionFile(context).next().sessionId).toBe(other);
  });

  it('looks where CLAUDE_CONFIG_DIR says', () => {
    const { sessionId } = new SessionFile(context).next();
    writeTranscript(sessionId);
    const elsewhere = { ...context, env: { HOME: '/nowhere', CLAUDE_CONFIG_DIR: join(root, '.claude') } };
    expect(new SessionFile(elsewhere).next().resume).toBe(true);
  });

  it('says once that a conversation is lost, and then begins a new one', () => {
    const session = new SessionFile(context);
    const { sessionId } = session.next();
    expect(session.lost()).toMatchObject({ code: 'CCB_SESSION_LOST', message: expect.stringContaining(sessionId) });
    expect(session.next().sessionId).not.toBe(sessionId);
  });

  it.each(['', '{', 'null', '{"version":1}', '{"version":1,"sessionId":"--help","workspace":"/","used":true}'])(
    'takes a record that cannot be read for a lost conversation: %j',
    (text) => {
      writeFileSync(join(root, 'session.json'), text);
      const session = new SessionFile(context);
      expect(() => session.next()).toThrow(expect.objectContaining({ code: 'CCB_SESSION_LOST' }));
      expect(session.next().resume).toBe(false);
    },
  );

  it('leaves one file, with what a person may want to know', () => {
    const { sessionId } = new SessionFile(context).next();
    expect(readdirSync(root)).toEqual(['session.json']);
    expect(JSON.parse(readFileSync(join(root, 'session.json'), 'utf8'))).toEqual({
      version: 1,
      sessionId,
      workspace: '/workspace',
      used: false,
    });
  });
});
