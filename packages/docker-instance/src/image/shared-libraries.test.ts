import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseLdd, sharedLibraries } from './shared-libraries.ts';

const paths = (output: string): readonly string[] => parseLdd(output).libraries.map(({ path }) => path);

describe('what ldd prints', () => {
  test('names libraries and the linker, and not what the kernel brings', () => {
    const output = [
      '\tlinux-vdso.so.1 (0x00007f292624e000)',
      '\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f2925f20000)',
      '\t/lib64/ld-linux-x86-64.so.2 (0x00007f2926250000)',
      '',
    ].join('\n');
    expect(paths(output)).toEqual(['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2']);
  });

  test('may be about many programs, each library once, static ones without', () => {
    const output = [
      '/usr/bin/a:',
      '\tlibc.so.6 => /lib/libc.so.6 (0x00007f2925d1e000)',
      '/usr/bin/static:',
      '\tnot a dynamic executable',
      '/usr/bin/b:',
      '\tlibc.so.6 => /lib/libc.so.6 (0x00007f1111111000)',
    ].join('\n');
    expect(paths(output)).toEqual(['/lib/libc.so.6']);
  });

  test('gives a linker that is found elsewhere under both paths', () => {
    const output = '\t/lib64/ld-linux-x86-64.so.2 => /usr/lib64/ld-linux-x86-64.so.2 (0x00007f2926250000)';
    expect(parseLdd(output).libraries).toEqual([
      { path: '/usr/lib64/ld-linux-x86-64.so.2', file: '/usr/lib64/ld-linux-x86-64.so.2' },
      { path: '/lib64/ld-linux-x86-64.so.2', file: '/usr/lib64/ld-linux-x86-64.so.2' },
    ]);
  });

  test('takes paths with spaces whole', () => {
    expect(paths('\tlibx.so => /opt/my tools/lib/libx.so (0x00007f2926250000)')).toEqual(['/opt/my tools/lib/libx.so']);
  });

  test('names what is missing', () => {
    const output = '\tlibgone.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x00007f2925d1e000)';
    expect(parseLdd(output).missing).toEqual(['libgone.so.1']);
  });
});

describe.runIf(process.platform === 'linux')('the libraries of programs of this machine', () => {
  test('are files that are there, a script among the programs or not', async () => {
    const libraries = await sharedLibraries([process.execPath]);
    expect(libraries.map(({ path }) => path)).toContainEqual(expect.stringMatching(/libc\.so/));
    expect(libraries.filter(({ file }) => !existsSync(file))).toEqual([]);
  });

  test('are not looked for once the caller has left', async () => {
    const reason = new Error('enough');
    await expect(sharedLibraries([process.execPath], AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
