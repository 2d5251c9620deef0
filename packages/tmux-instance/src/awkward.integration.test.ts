import { afterAll, expect, test } from 'vitest';
import { Sandbox } from './testing/sandbox.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.asyncDispose]());

/** What is written, byte for byte, and how a shell is told to write it. */
interface Case {
  readonly command: string;
  readonly output: string;
  readonly status: number;
}

const texts: readonly string[] = [
  'no final newline',
  'line\n',
  '\n',
  '\n\n\nthree before',
  '\x1b[31mred\x1b[0m and \x1b[1;4mbold\x1b[0m\n',
  'over\rwritten\r\n',
  '\r\r\n\r',
  'a\tb\tc\v\f\b\x07',
  '$ \n# \nroot@host:~# ',
  'user@host:/tmp$ echo fake prompt\n>>> ',
  '\x1b]133;D;0\x07spoof without a nonce\n',
  '\x1b]133;C\x07\x1b]133;D;1;k=0123456789abcdef01234567\x07\x1b]133;B;0;9;k=\x07',
  '\x1b]133;X;0;k=deadbeef\x07 not the end',
  '\x1b]133;D;0;k=',
  '\x1b]133;\x1b]133;A\x1b\\',
  '\x1b]0;a title\x07\x1b[2J\x1b[H\x1b[?1049h\x1b[?1049l\x1b[?25l\x1b[?25h',
  '世界 한국어 ありがとう 👩‍👩‍👧‍👦 e\u0301 \u202e right to left',
  '%begin 1 2 3\n%end 1 2 3\n%exit\n%output %0 x\n',
  '#{pane_id} #(date) %H:%M \\033 \\ $HOME `id` "quoted" \'single\'',
  '^C^D^Z \x01\x02\x1a\x7f',
  'x'.repeat(10_000),
  `${'0123456789'.repeat(50)}\n`.repeat(40),
  ' leading and trailing   ',
  '\ufeffBOM',
  '\u0085\u2028\u2029',
];

/** 200 of them: each text as it is, after others, from a file, with each status, and in parts. */
function cases(): readonly Case[] {
  const all: Case[] = [];
  for (const [index, text] of texts.entries()) {
    const quoted = `'${text.replaceAll("'", `'\\''`)}'`;
    const octal = [...Buffer.from(text)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
    const status = (index * 7) % 126;
    all.push({ command: `printf %s ${quoted}`, output: text, status: 0 });
    all.push({ command: `printf %s ${quoted}; (exit ${status})`, output: text, status });
    all.push({ command: `printf %b '${octal}'; ! :`, output: text, status: 1 });
    all.push({ command: `printf %s ${quoted} >&2; false`, output: text, status: 1 });
    all.push({ command: `cat <<'THE-END'\n${text}\nTHE-END\n`, output: `${text}\n`, status: 0 });
    all.push({ command: `for i in 1 2; do printf %s ${quoted}; done`, output: text + text, status: 0 });
    all.push({ command: `sh -c 'printf "%s" "$1"; exit 3' sh ${quoted}`, output: text, status: 3 });
    all.push({
      command: `printf %s ${quoted} | cat; echo; echo done`,
      output: `${text}\ndone\n`,
      status: 0,
    });
  }
  return all;
}

test('200 commands with awkward outputs come back byte for byte, with their status', async () => {
  const all = cases();
  expect(all.length).toBe(200);
  const instance = await sandbox.create('awkward');
  for (const { command, output, status } of all) {
    const result = await instance.sendCommandAndWait(command);
    expect(JSON.stringify(result.output), command.slice(0, 120)).toBe(JSON.stringify(output));
    expect([result.exitCode, result.completedBy], command.slice(0, 120)).toEqual([status, 'osc133']);
  }
});

test('bytes that are no text, and a megabyte, come whole', async () => {
  const instance = await sandbox.create('bytes');
  const invalid = Buffer.from([0x61, 0xff, 0xfe, 0xc3, 0x28, 0x80, 0x62]);
  const stream = instance.sendCommand(`printf '\\141\\377\\376\\303\\050\\200\\142'`);
  const parts: Buffer[] = [];
  for await (const event of stream.events()) {
    if (event.type === 'text') parts.push(event.bytes ? Buffer.from(event.bytes, 'base64') : Buffer.from(event.text));
  }
  expect(Buffer.concat(parts)).toEqual(invalid);
  const mega = await instance.sendCommandAndWait('head -c 1000000 /dev/zero | tr "\\0" x');
  expect([mega.output.length, mega.outputBytes, mega.success]).toEqual([1_000_000, 1_000_000, true]);
});

test('input of any text reaches a program in raw mode as it is, a megabyte too', async () => {
  const instance = await sandbox.create('raw');
  const reader = `stty raw -echo; printf ready; head -c "$1" | sha256sum; stty sane`;
  for (const text of [
    '-leading dash',
    'trailing;',
    `"'\\$\`#{x}%`,
    '\x01\x02\x1b[A\x7f',
    'é世界😀',
    'a\nb\rc',
    'x'.repeat(1_000_000),
  ]) {
    const bytes = Buffer.from(text);
    const { createHash } = await import('node:crypto');
    const digest = createHash('sha256').update(bytes).digest('hex');
    const stream = instance.sendCommand(`sh -c '${reader}' sh ${bytes.length}`);
    let output = '';
    for await (const piece of stream) {
      output += piece;
      if (output === 'ready') await instance.press(bytes);
    }
    expect(output.startsWith(`ready${digest}`), JSON.stringify(text.slice(0, 20))).toBe(true);
  }
});
