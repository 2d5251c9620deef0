import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EmptyProject } from './empty-project.ts';
import { fileOf, filesOf, packAll, publishedPackages } from './package-tarballs.ts';

const tarballsDirectory = mkdtempSync(join(tmpdir(), 'ccb-tarballs-'));
const tarballs = packAll(tarballsDirectory);
afterAll(() => rmSync(tarballsDirectory, { recursive: true, force: true }));

/** The path of a Node: this one, where it is of that version. */
function node(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const script = fileURLToPath(new URL('../scripts/node-binary.mjs', import.meta.url));
  return execFileSync(process.execPath, [script, String(major)], { encoding: 'utf8', timeout: 240_000 }).trim();
}

const dependencies = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `file:${tarballs.get(name)}`]));

describe.each(publishedPackages())('$name as it would be published', ({ name, manifest }) => {
  const tarball = tarballs.get(name) ?? '';
  const files = filesOf(tarball);
  const packed = JSON.parse(fileOf(tarball, 'package.json')) as Record<string, Readonly<Record<string, unknown>>>;

  test('has what it needs: a README, a licence, what was built, and nothing of the workshop', () => {
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(files.filter((file) => /\.test\.|\/testing\/|^src\/|tsconfig|tsup/.test(file))).toEqual([]);
    expect(
      files.filter((file) => !/^(dist|rc|image)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(file)),
    ).toEqual([]);
  });

  test('names no workspace, and everything that it exports is there', () => {
    expect(JSON.stringify(packed.dependencies ?? {})).not.toContain('workspace:');
    for (const [entry, target] of Object.entries(packed.exports ?? {})) {
      const paths =
        typeof target === 'string'
          ? [target]
          : Object.entries(target as Record<string, string>)
              .filter(([condition]) => condition !== '@ccb/source')
              .map(([, path]) => path);
      for (const path of paths)
        expect([entry, files]).toEqual([entry, expect.arrayContaining([path.replace('./', '')])]);
    }
    for (const path of Object.values(packed.bin ?? {})) expect(files).toContain(String(path).replace('./', ''));
    expect(packed.license).toBe('MIT');
    expect(String(manifest.description).length).toBeGreaterThan(30);
  });

  test('has a README that says how to install it, and shows code', () => {
    const readme = fileOf(tarball, 'README.md');
    expect(readme).toContain(
      `npm install ${name === '@ccb/conformance' ? '--save-dev ' : name === '@ccb/bridge' ? '--global ' : ''}${name}`,
    );
    expect(readme).toMatch(/```(ts|sh)\n/);
  });
});

describe('somebody else’s project', () => {
  const project = new EmptyProject();
  const kinds = {
    nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
    bundler: { module: 'esnext', moduleResolution: 'bundler' },
  } as const;
  beforeAll(async () => {
    await project.install({
      ...dependencies(publishedPackages().map(({ name }) => name)),
      typescript5: 'npm:typescript@5.9',
      typescript7: 'npm:typescript@7.0.2',
      '@types/node': '^20.19.0',
    });
    project.copy('programs');
    for (const [kind, resolution] of Object.entries(kinds)) {
      const compilerOptions = {
        ...resolution,
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        rootDir: 'programs',
        outDir: `built-${kind}`,
      };
      project.write(`tsconfig.${kind}.json`, { compilerOptions, include: ['programs'] });
    }
  }, 300_000);
  afterAll(() => project.remove());

  test.each([
    ['5.9', 'nodenext'],
    ['5.9', 'bundler'],
    ['7.0', 'nodenext'],
    ['7.0', 'bundler'],
  ])('compiles with TypeScript %s under %s', async (version, kind) => {
    const compiler = join(project.directory, 'node_modules', `typescript${version[0]}`, 'bin', 'tsc');
    expect(await project.run(process.execPath, [compiler, '-p', `tsconfig.${kind}.json`])).toBe('');
  });

  describe.each([20, 22, 24, 26])('on Node %i', (major) => {
    const binary = node(major);

    test('runs what was compiled', async () => {
      expect(await project.run(binary, ['--version'])).toMatch(new RegExp(`^v${major}\\.`));
      expect(await project.run(binary, ['built-nodenext/named-pipe.js'])).toBe('named-pipe ping\nlock true\n');
      expect(await project.run(binary, ['built-nodenext/instances.js'])).toBe(
        'from a process\nlisted true\nmissing true process\n',
      );
      expect(await project.run(binary, ['built-nodenext/surface.js'])).toBe(
        'surface true function function\nspecs box pane\n',
      );
    });

    test('runs ccb', async () => {
      const ccb = join(project.directory, 'node_modules', '.bin', 'ccb');
      expect(await project.run(binary, [ccb, '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect(await project.run(binary, [ccb, 'run', '-q', '--program', 'shell', '--', 'echo hi'])).toBe('hi\n');
    });
  });
});

describe('a backend that somebody else wrote', () => {
  const project = new EmptyProject();
  afterAll(() => project.remove());

  test('is installed, compiled and passes the suite, without a change in any package', async () => {
    project.copy('../examples/own-backend', '.');
    await project.install(dependencies(['@ccb/instance-interface', '@ccb/conformance']));
    await project.run(process.execPath, [join(project.directory, 'node_modules', 'typescript', 'bin', 'tsc')]);
    const stdout = await project.run(process.execPath, ['--test', '--test-reporter=tap', 'dist/index.conformance.js']);
    expect(stdout).toMatch(/^# fail 0$/m);
    const [, passed] = /^# pass (\d+)$/m.exec(stdout) ?? [];
    expect(Number(passed)).toBeGreaterThan(50);
  }, 240_000);
});
