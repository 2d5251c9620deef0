import { docker } from './sandbox.ts';

/** This machine's numbers for the processes of a container whose command line matches. */
export async function processesOf(container: string, line: RegExp): Promise<readonly number[]> {
  const listed = await docker('top', container, '-eo', 'pid,args');
  return listed
    .split('\n')
    .slice(1)
    .flatMap((each) => {
      const [, pid, args = ''] = /^\s*(\d+)\s+(.*)$/.exec(each) ?? [];
      return line.test(args) ? [Number(pid)] : [];
    });
}
