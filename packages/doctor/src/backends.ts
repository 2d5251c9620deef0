import type { Check } from '@ccb/instance-interface';
import type { Examination } from './examine.ts';
import type { Finding } from './finding.ts';

/** What each backend says of itself; what several say alike is told once. */
export async function backendFindings({ manager, signal }: Examination): Promise<readonly Finding[]> {
  const all = await Promise.all(
    manager.types.map(async (type): Promise<readonly Finding[]> => {
      try {
        const backend = await manager.backend(type);
        const checks = (await backend.check?.({ signal })) ?? [];
        return checks.map((check) => ({ area: type, ...check, ...remedy(type, check) }));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return [{ area: type, name: 'backend', status: 'problem', message }];
      }
    }),
  );
  const told = new Set<string>();
  return all.flat().filter(({ name, message }) => {
    const key = `${name} ${message}`;
    return told.has(key) ? false : told.add(key);
  });
}

/** An engine that cannot be reached says why; here is the command. */
function remedy(type: string, { status, message, fix }: Check): Pick<Check, 'status' | 'fix'> {
  if (type !== 'docker' || status !== 'problem' || fix !== undefined)
    return { status, ...(fix !== undefined && { fix }) };
  if (/permission|may not/i.test(message)) return { status, fix: 'sudo usermod -aG docker "$USER", and log in again' };
  // Who does not want containers needs none.
  return { status: 'warning', fix: 'sudo systemctl start docker, or set DOCKER_HOST' };
}
