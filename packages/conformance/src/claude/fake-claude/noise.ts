/** Lines on stdout that are no message. */
export const garbage: readonly (string | Buffer)[] = [
  'Warning: this is no JSON\n',
  '{"type":"stream_event","event":{"type":"content_block_de\n',
  'null\n',
  '"text"\n',
  '[]\n',
  '{"type":"stream_event"}\n',
  '{"type":"from_a_later_version","result":"no"}\n',
  '\n',
  Buffer.from([0x00, 0xff, 0xfe, 0x80, 0xc3, 0x28, 0x0a]),
  `${'x'.repeat(1024 * 1024)}\n`,
];

/** What comes on stderr that means nothing. */
export const noise: readonly (string | Buffer)[] = [
  '(node:1) Warning: Error: command not found\n',
  Buffer.from([0xff, 0xfe, 0x80, 0x0a]),
  `${'e'.repeat(8_192)}\n`,
  'a half line, ',
];
