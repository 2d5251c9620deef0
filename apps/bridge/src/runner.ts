import { addAbortSignal } from 'node:stream';
import { Answer } from './answer.ts';
import { loadBackends } from './backends.ts';
import { BrokenPipeError, ByteSink } from './byte-sink.ts';
import type { Input } from './command-text.ts';
import { type Configuration, configured, readConfiguration } from './configuration/configuration.ts';
import { exitCodeOfError } from './exit-code.ts';
import { type ColorChoice, wantsColor } from './options/color.ts';
import { type Flags, resolveSettings } from './options/settings.ts';
import type { SessionContext } from './session.ts';
import { type Leaving, Signals } from './signals.ts';
import { isInteractive } from './terminal/interactive.ts';
import { Notices } from './terminal/notices.ts';
import { permissionPrompt } from './terminal/permission-prompt.ts';
import { StatusLine } from './terminal/status-line.ts';
import type { TurnContext } from './turn.ts';

/** What a verb works with. */
export interface Runner extends SessionContext, TurnContext {
  readonly interactive: boolean;
  readonly configuration: Configuration;
  /** Ends with an error when ccb leaves. */
  readonly stdin: Input;
  readonly stdout: ByteSink;
}

export interface RunnerOptions {
  /** An answer without a newline at its end gets one: always, or where a person reads it. */
  readonly endLine: 'always' | 'on-terminal';
}

/** Runs a verb and turns whatever comes of it into an exit code and, where something went wrong, a line on stderr. */
export async function withRunner(
  flags: Flags,
  options: RunnerOptions,
  work: (runner: Runner) => Promise<number>,
): Promise<number> {
  const { stdin, stdout, stderr, env } = process;
  const sinks = { stdout: new ByteSink(stdout, 'stdout'), stderr: new ByteSink(stderr, 'stderr') };
  const quiet = flags.quiet ?? false;
  const place = { env, directory: process.cwd() };
  const read = attempt(() => readConfiguration(flags, place));
  const status = new StatusLine(stderr, stderr.isTTY && !quiet);
  const color = wantsColor(colorOf(read, flags), env, stderr.isTTY);
  const notices = new Notices({ terminal: stderr, status, quiet, verbose: flags.verbose ?? false, color });
  const signals = new Signals();
  try {
    const interactive = isInteractive();
    if ('error' in read) throw read.error;
    const configuration = read.value;
    const foreign = configuration.backends.byType[configuration.values.backend ?? ''];
    const settings = resolveSettings(configured(flags, configuration), { ...place, interactive }, foreign?.spec);
    const answer = new Answer({
      ...sinks,
      status,
      json: settings.json,
      endLine: options.endLine === 'always' || stdout.isTTY,
      stdoutIsTerminal: stdout.isTTY,
      stderrIsTerminal: stderr.isTTY,
    });
    const exitCode = await work({
      settings,
      interactive,
      backends: loadBackends(settings.home, configuration.backends),
      configuration,
      permission:
        settings.permission === 'ask'
          ? permissionPrompt({ input: stdin, output: stderr, status })
          : settings.permission,
      answer,
      notices,
      signals,
      status,
      stdin: addAbortSignal(signals.leaving, stdin),
      stdout: sinks.stdout,
    });
    await sinks.stdout.flush(signals.leaving);
    await sinks.stderr.flush(signals.leaving);
    return exitCode;
  } catch (error) {
    if (signals.leaving.aborted) return (signals.leaving.reason as Leaving).exitCode;
    if (!(error instanceof BrokenPipeError)) notices.failure(error);
    return exitCodeOfError(error);
  } finally {
    status.stop();
    signals.dispose();
  }
}

type Attempt<T> = { readonly value: T } | { readonly error: unknown };

/** What goes wrong is told when there is somebody who can tell it. */
function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}

function colorOf(read: Attempt<Configuration>, flags: Flags): ColorChoice {
  const chosen = 'value' in read ? read.value.values.color : flags.color;
  return (chosen as ColorChoice | undefined) ?? 'auto';
}
