// Records docs/recording.txt and docs/recording.cast (asciicast v2): `node scripts/recording.mjs [--image IMAGE]`.
// It needs a Docker engine, tmux, `script`, and what `pnpm build` makes. With --print nothing is written but stdout.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { image: { type: 'string', default: 'ccb/claude' }, print: { type: 'boolean', default: false } },
});
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const [width, height] = [110, 40];

const root = mkdtempSync(join(tmpdir(), 'ccb-recording-'));
try {
  for (const name of ['bin', 'work', 'run']) mkdirSync(join(root, name));
  // A container's program is not root, also where this process is.
  if (process.geteuid?.() === 0) chownSync(join(root, 'work'), 1000, 1000);
  const cli = file('../apps/bridge/dist/cli.js');
  writeFileSync(join(root, 'bin', 'ccb'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 });
  const started = performance.now();
  const child = spawn(
    'script',
    ['-qefc', `stty cols ${width} rows ${height}; bash '${file('./recording.sh')}'`, '/dev/null'],
    {
      cwd: join(root, 'work'),
      env: {
        PATH: `${join(root, 'bin')}:/usr/bin:/bin`,
        HOME: root,
        CCB_HOME: join(root, 'home'),
        XDG_RUNTIME_DIR: join(root, 'run'),
        TERM: 'xterm-256color',
        IMAGE: values.image,
        ...(process.env.DOCKER_HOST && { DOCKER_HOST: process.env.DOCKER_HOST }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const events = [];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    // Where it was recorded is nobody's business.
    events.push([Number(((performance.now() - started) / 1000).toFixed(3)), 'o', text.replaceAll(root, '/tmp/demo')]);
  });
  const [code] = await once(child, 'close');
  const text = events
    .map(([, , piece]) => piece)
    .join('')
    .replaceAll('\r\n', '\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is told
  const plain = text.replace(/\r?\u001b\[[0-9;]*[A-Za-z]/g, '');
  process.stdout.write(values.print ? plain : '');
  if (!values.print) {
    const head = { version: 2, width, height, title: 'ccb: one interface, three places' };
    writeFileSync(
      file('../docs/recording.cast'),
      `${[head, ...events].map((each) => JSON.stringify(each)).join('\n')}\n`,
    );
    writeFileSync(file('../docs/recording.txt'), plain.trimStart());
  }
  process.exitCode = code ?? 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
