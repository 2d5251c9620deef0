import { namePattern } from '@ccb/instance-interface';
import { UsageError } from '../usage-error.ts';

const VERBS: ReadonlySet<string> = new Set(
  (
    'chat run send resume wait create adopt start stop restart rm rename prune ls info history logs interrupt ' +
    'attach exec discover image acp doctor config completion help serve'
  ).split(' '),
);

/** A name that an instance may have: also never a verb, so that a mistyped line cannot mean two things. @throws {UsageError} */
export function parseInstanceName(name: string): string {
  if (!namePattern.test(name)) {
    throw new UsageError(
      `"${name}" cannot be the name of an instance. Use up to 63 small letters, digits, "-" and "_", a letter or digit first.`,
    );
  }
  if (VERBS.has(name)) throw new UsageError(`"${name}" is a verb of ccb. Choose another name.`);
  return name;
}
