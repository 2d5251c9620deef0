import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locateClaude } from '@ccb/container-agent';
import { shellQuoted } from '../../pane/launch-script.ts';
import type { Launch, Surroundings } from '../program.ts';

/** What is heard of a turn, with the seconds that a hook may take. */
const hooks = {
  SessionStart: 30,
  UserPromptSubmit: 30,
  MessageDisplay: 30,
  PreToolUse: 30,
  PostToolUse: 30,
  PostToolUseFailure: 30,
  // Whoever is asked may take his time.
  PermissionRequest: 86_400,
  Stop: 30,
  StopFailure: 30,
} as const;

/** The key's name in the pane, where Claude Code asks no person whether it may be used. */
const keyVariable = 'CCB_ANTHROPIC_API_KEY';

/** Which conversation a launch goes on with. */
interface Conversation {
  readonly sessionId: string;
  readonly transcript?: string | undefined;
}

const file = 'conversation.json';

export function writeConversation(state: string, conversation: Conversation): void {
  writeFileSync(join(state, file), JSON.stringify(conversation), { mode: 0o600 });
}

export function readConversation(state: string): Conversation | undefined {
  try {
    const { sessionId, transcript } = JSON.parse(readFileSync(join(state, file), 'utf8')) as Conversation;
    return typeof sessionId === 'string' ? { sessionId, transcript } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Claude Code's terminal interface with a configuration of the instance's own: every first-run dialog is answered, and
 * each hook tells the inbox.
 * @param hook the script that tells  @param inbox where it tells
 */
export function claudeLaunch(surroundings: Surroundings, hook: string, inbox: string): Launch {
  const { home, workspace, programArgs, state } = surroundings;
  const { ANTHROPIC_API_KEY: key, ...env } = surroundings.env;
  const directory = env.CLAUDE_CONFIG_DIR ?? join(home, '.claude');
  const temporary = env.CLAUDE_CODE_TMPDIR ?? join(home, '.tmp');
  for (const path of [directory, temporary]) mkdirSync(path, { recursive: true, mode: 0o700 });
  write(join(directory, '.claude.json'), (known) => ({
    ...known,
    hasCompletedOnboarding: true,
    projects: {
      ...objectOf(known.projects),
      [workspace]: { ...objectOf(objectOf(known.projects)[workspace]), hasTrustDialogAccepted: true },
    },
  }));
  write(join(directory, 'settings.json'), (known) => ({
    ...known,
    skipDangerousModePermissionPrompt: true,
    hooks: hookSettings(hook, inbox),
    // A key in the environment is asked about, and the answer is kept with a part of the key.
    ...(key !== undefined && { apiKeyHelper: `printf %s "$${keyVariable}"` }),
  }));
  const known = readConversation(state);
  const resumes = hasPrompts(known?.transcript);
  const conversation = known !== undefined && resumes ? known : { sessionId: randomUUID() };
  if (!resumes) writeConversation(state, conversation);
  return {
    argv: [locateClaude(env, workspace), resumes ? '--resume' : '--session-id', conversation.sessionId, ...programArgs],
    env: {
      ...env,
      ...(key !== undefined && { [keyVariable]: key }),
      CLAUDE_CONFIG_DIR: directory,
      CLAUDE_CODE_TMPDIR: temporary,
      DISABLE_INSTALLATION_CHECKS: '1',
      CLAUDE_CODE_DISABLE_TERMINAL_TITLE: '1',
    },
    cwd: workspace,
  };
}

/** One in which nothing was said, or nothing was written down before it was killed, cannot be gone on with. */
function hasPrompts(transcript: string | undefined): boolean {
  try {
    return transcript !== undefined && readFileSync(transcript).includes('"type":"user"');
  } catch {
    return false;
  }
}

function hookSettings(hook: string, inbox: string): object {
  return Object.fromEntries(
    Object.entries(hooks).map(([name, timeout]) => {
      const command = `/bin/sh ${shellQuoted(hook)} ${name} ${shellQuoted(inbox)}`;
      return [name, [{ hooks: [{ type: 'command', command, timeout }] }]];
    }),
  );
}

function write(path: string, change: (known: Readonly<Record<string, unknown>>) => object): void {
  let known: Readonly<Record<string, unknown>> = {};
  try {
    known = objectOf(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // the first launch
  }
  writeFileSync(path, JSON.stringify(change(known), null, 2), { mode: 0o600 });
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
