import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { UsageError } from '../usage-error.ts';

/** Variables for the program: the files first, in order, then `--env`. @throws {UsageError} */
export function resolveEnvironment(
  assignments: readonly string[],
  files: readonly string[],
  caller: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const fromFiles = files.flatMap((file) => Object.entries(readEnvFile(file)));
  const fromOptions = assignments.map((assignment) => parseAssignment(assignment, caller));
  return Object.fromEntries([...fromFiles, ...fromOptions]);
}

function readEnvFile(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`--env-file "${file}" cannot be read. Name a readable file with lines K=V.`, { cause });
  }
  return parseEnv(text) as Record<string, string>;
}

function parseAssignment(
  assignment: string,
  caller: Readonly<Record<string, string | undefined>>,
): readonly [string, string] {
  const equals = assignment.indexOf('=');
  const key = equals < 0 ? assignment : assignment.slice(0, equals);
  if (key === '') throw new UsageError(`--env "${assignment}" names no variable. Write K=V, or K alone.`);
  if (equals >= 0) return [key, assignment.slice(equals + 1)];
  const value = caller[key];
  if (value === undefined)
    throw new UsageError(`--env ${key}: the variable is not set here. Set it, or write ${key}=V.`);
  return [key, value];
}
