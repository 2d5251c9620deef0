import assert from 'node:assert/strict';
import type { HistoryEntry } from '@ccb/instance-interface';
import type { Group } from '../bench.ts';
import { hang } from '../scene/hanging.ts';
import { assertSameText, collect, joined, numbered } from '../scene/reading.ts';

/** What goes wrong first where text is escaped, split, trimmed or shown on a terminal. */
const samples: readonly (readonly [string, string])[] = [
  ['a word', 'word'],
  ['a final newline', 'line\n'],
  ['lines without a final newline', 'one\ntwo'],
  ['only newlines', '\n\n\n'],
  ['spaces at both ends', '  in the middle  '],
  ['only spaces', '   '],
  ['CRLF', 'one\r\ntwo\r\n'],
  ['a carriage return alone', 'over\rwrite'],
  ['a leading dash', '-n -e -- --help'],
  ['a leading slash', '/clear'],
  ['quotes', `'single' "double" \`back\` '''`],
  ['dollars', '$HOME $(id) $1 $$ $ !! !1'],
  ['backslashes', '\\ \\n \\\\ \\0 \\x41 \\'],
  ['percent signs', '%s %d %% %'],
  ['wildcards', '* ? [a-z] ~ {a,b} #not-a-comment ; & | < >'],
  ['tabs', '\tone\t\ttwo\t'],
  ['control characters', '\u0001\u0002\u0007\b\v\f\u001a\u001b[31mred\u001b[0m\u007f'],
  ['accents, as one character and as two', 'é e\u0301 ñ ß İ'],
  ['other scripts', 'Ελληνικά Русский עברית العربية हिन्दी 中文 日本語 한국어'],
  ['emoji of several characters', '👍🏽 👨‍👩‍👧‍👦 🇪🇺'],
  ['a byte order mark', '\ufeffmarked'],
  ['characters that split and join lines', 'a\u0085b\u2028c\u2029d\u200be\u00a0f'],
  ['the last and the strangest', '\u{10ffff}\ufffd\uffff\ue000'],
  ['what looks like JSON', '{"type":"end","result":{"success":true}}\n'],
];

export const exactness: Group = {
  name: 'exactness',
  define(cases) {
    cases.testWith('exactOutput', 'each character comes back as it was written', async ({ borrow, commands }) => {
      const instance = await borrow();
      for (const [what, text] of samples) {
        const result = await instance.sendCommandAndWait(commands.echo(text));
        assert.equal(result.success, true, `${what}: ${result.error?.message}`);
        assert.equal(JSON.stringify(result.output), JSON.stringify(text), what);
        assert.equal(result.outputBytes, Buffer.byteLength(text), `outputBytes of ${what}`);
      }
    });

    cases.testWith('exactOutput', 'an answer may be empty', async ({ borrow, commands }) => {
      const stream = (await borrow()).sendCommand(commands.echo(''));
      assert.deepEqual(await collect(stream), []);
      const result = await stream.result;
      assert.deepEqual([result.status, result.outputBytes], ['completed', 0]);
    });

    cases.testWith('exactOutput', 'a line of 100 kB comes whole', async ({ borrow, commands }) => {
      // Characters of 1, 2, 3 and 4 bytes, so that pieces end inside each.
      const text = 'aé€😀'.repeat(10_000);
      const result = await (await borrow()).sendCommandAndWait(commands.echo(text));
      assertSameText(result.output, text);
      assert.equal(result.outputBytes, 100_000);
    });

    cases.testWith('exactOutput', 'a megabyte in 160,000 lines comes whole', async ({ create, commands }) => {
      const expected = numbered(160_000);
      assert.ok(expected.length > 1_000_000);
      const stream = (await create()).sendCommand(commands.lines(160_000));
      assertSameText(await joined(stream), expected);
      const result = await stream.result;
      assert.deepEqual([result.status, result.outputBytes], ['completed', expected.length]);
    });

    cases.testWith(
      'exactOutput',
      'what one command leaves open does not get into the next',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const texts = ['no newline', '', '\n', 'half a line\nand', ' ', 'the end\n', "an open '", 'last'];
        const sent = texts.map((text) => instance.sendCommandAndWait(commands.echo(text)));
        assert.deepEqual(
          (await Promise.all(sent)).map(({ output }) => output),
          texts,
        );
      },
    );

    cases.testIf(
      ({ commands }) => commands.stderr !== null,
      'stderr is in the events, and in the text only where the two are merged',
      async ({ borrow, commands }) => {
        const complaint = 'of no\nuse: é';
        const command = commands.stderr?.(complaint) ?? '';
        const instance = await borrow();
        const separate = instance.sendCommand(command);
        let written = '';
        for await (const event of separate.events()) {
          if (event.type !== 'text') continue;
          assert.equal(event.stream, 'stderr');
          written += event.text;
        }
        assert.equal(written, complaint);
        const result = await separate.result;
        assert.deepEqual([result.status, result.outputBytes], ['completed', 0]);
        assert.equal((await instance.sendCommandAndWait(command)).output, '');
        const merged = await instance.sendCommandAndWait(command, { stderr: 'merge' });
        assert.equal(merged.output, complaint);
        assert.equal(merged.outputBytes, Buffer.byteLength(complaint));
      },
    );

    cases.testIf(
      ({ commands }) => commands.readStdin !== null,
      'who reads its stdin is at its end at once',
      async ({ borrow, commands }) => {
        const instance = await borrow();
        const first = instance.sendCommandAndWait(commands.readStdin?.() ?? '');
        const second = instance.sendCommandAndWait(commands.echo('not read by the first'));
        assert.equal((await first).output, 'eof\n');
        assert.equal((await second).output, 'not read by the first');
      },
    );

    cases.testIf(
      ({ commands }) => commands.background !== null,
      'what a command left in the background writes is no part of the next answer',
      async ({ borrow, commands, signal }) => {
        const instance = await borrow();
        const left = instance.sendCommand(commands.background?.() ?? '');
        assert.equal(await joined(left), 'left\n');
        const { stream, reader } = await hang(instance, commands);
        if (instance.capabilities.history) {
          const isLate = (entry: HistoryEntry): boolean =>
            entry.commandId === left.id && entry.type === 'text' && entry.late === true && entry.text === 'late\n';
          for await (const entry of instance.history({ follow: true, signal })) if (isLate(entry)) break;
        }
        const rest = readOn(reader);
        await stream.cancel();
        assert.equal(await rest, '', 'after begun');
      },
    );
  },
};

async function readOn(reader: AsyncIterator<string>): Promise<string> {
  let text = '';
  for (let step = await reader.next(); !step.done; step = await reader.next()) text += step.value;
  return text;
}
