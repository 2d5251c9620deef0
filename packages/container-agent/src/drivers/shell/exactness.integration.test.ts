// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are shell commands
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Asked, type Subject, subject } from '../testing/recorder.ts';
import { createShellDriver } from './shell-driver.ts';

interface Row extends Asked {
  readonly text: string;
  readonly stdout?: string | Buffer | RegExp;
  readonly stderr?: 'separate' | 'merge';
  readonly complaint?: string | RegExp;
  readonly status?: number;
}

const ok = (text: string, stdout: Row['stdout'] = ''): Row => ({ text, stdout });

/** One session from the top to the bottom: each row meets what the rows before it have left. */
const session: Readonly<Record<string, readonly Row[]>> = {
  'status and streams': [
    ok('echo out', 'out\n'),
    { text: 'echo err >&2', complaint: 'err\n' },
    { text: '(exit 3)', status: 3 },
    ok('echo $?', '3\n'),
    ok('echo $?', '0\n'),
    { text: 'echo a; echo b >&2; echo c; echo d >&2; (exit 255)', stdout: 'a\nc\n', complaint: 'b\nd\n', status: 255 },
    { text: 'for i in 1 2 3; do echo o$i; echo e$i >&2; done', stdout: 'o1\ne1\no2\ne2\no3\ne3\n', stderr: 'merge' },
    { text: 'nosuchcmd', complaint: 'bash: nosuchcmd: command not found\n', status: 127 },
    { text: '/etc/passwd', complaint: /Permission denied\n$/, status: 126 },
    { text: 'false | true; true | false', status: 1 },
    { text: "bash -c 'kill -9 $$'", status: 137, complaint: /^.*$/s },
    ok('true'),
    ok('   \n\n# only a comment'),
  ],
  texts: [
    ok('printf %s no-newline', 'no-newline'),
    ok('printf "a\\n\\n\\nb\\n\\n"', 'a\n\n\nb\n\n'),
    ok("printf '\\0\\1\\x7f\\r'", '\0\x01\x7f\r'),
    ok("printf '\\xff\\xfe\\x80'; printf 'é'", Buffer.from([0xff, 0xfe, 0x80, 0xc3, 0xa9])),
    ok("printf '\\xc3'; sleep 0.02; printf '\\xa9'", 'é'),
    ok("printf '\\xef\\xbb\\xbfbom'", '\ufeffbom'),
    ok('echo naïve 漢字 😀', 'naïve 漢字 😀\n'),
    ok('cat <<E\none\n\ttwo "$((1 + 1))"\nE', 'one\n\ttwo "2"\n'),
    ok("cat <<-'E'\n\t$x `y`\n\tE\necho after", '$x `y`\nafter\n'),
    ok('echo a\r\necho b', 'a\r\nb\n'),
    ok('echo one \\\n  two', 'one two\n'),
    ok("echo 'quoted\nnewline'; echo \"it's\"", "quoted\nnewline\nit's\n"),
    ok(`printf %s '${'x'.repeat(1_000_000)}' | wc -c`, /^\s*1000000\n$/),
    ok('echo !! !1 "!x"', '!! !1 !x\n'),
  ],
  'what cannot be parsed': [
    { text: "echo 'unfinished", complaint: /unexpected EOF while looking for matching `''\n/, status: 2 },
    { text: 'if true; then echo x', complaint: /syntax error/, status: 2 },
    {
      text: 'echo before\n)\necho after',
      stdout: 'before\n',
      complaint: /syntax error near unexpected token `\)'/,
      status: 2,
    },
    {
      text: 'cat <<E\nnever ended',
      stdout: 'never ended\n',
      complaint: /here-document at line 1 delimited by end-of-file/,
    },
    ok('echo fine', 'fine\n'),
  ],
  'state that stays': [
    ok(
      'X=5; declare -A m=([k]=v); declare -i n=2+3; f() { echo "F$X$1"; }; alias hey="echo hey"; shopt -s extglob; set -- p q',
    ),
    ok('f 1; echo ${m[k]} $n; hey; echo $# $1 $2', 'F51\nv 5\nhey\n2 p q\n'),
    ok('mkdir -p "a dir/é\'x"; cd "a dir/é\'x"; echo ${PWD##*/}', "é'x\n"),
    ok('echo ${PWD##*/}; cd -  >/dev/null; export Y=1; umask 027', "é'x\n"),
    ok('sh -c "echo $Y"; umask', '1\n0027\n'),
    ok('echo ${FUNCNAME[@]}-${#BASH_SOURCE[@]}', '-1\n'),
    { text: 'local z=1', complaint: /can only be used in a function/, status: 1 },
    { text: 'return 6; echo no', status: 6 },
    ok('echo $?', '6\n'),
  ],
  'errors that end a command but not the shell': [
    { text: 'echo ${UNSET:?boom}; echo after', complaint: 'bash: UNSET: boom\n', status: 1 },
    { text: 'readonly R=1; R=2; echo after', complaint: 'bash: R: readonly variable\n', status: 1 },
    { text: 'set -u; echo $NOPE; echo after', complaint: 'bash: NOPE: unbound variable\n', status: 1 },
    { text: 'unset PWD; set +u; cd .; f', stdout: 'F5\n' },
  ],
  'names that are taken': [
    ok('echo() { printf "EVIL\\n"; }; printf() { :; }; test() { :; }; cd() { :; }; return() { :; }; f'),
    ok('unset -f echo printf test cd return; f', 'F5\n'),
    ok('builtin() { echo EVIL; }; builtin x', 'EVIL\n'),
    ok('f', 'F5\n'),
    ok('command() { :; }; source() { :; }; eval() { :; }; exec() { :; }; f', 'F5\n'),
    ok('unset -f command source eval exec; IFS=x; f', 'F5\n'),
    ok('unset IFS; PROMPT_COMMAND="echo P; false"; PS1="$(echo prompt)"; PS4="y "'),
    ok('echo $?; unset PROMPT_COMMAND', '0\n'),
    { text: '__ccb_mark() { :; }', complaint: /readonly function/, status: 1 },
  ],
  'options and traps': [
    { text: 'set -x; echo x', stdout: 'x\n', complaint: 'yy echo x\n' },
    { text: 'set +x', complaint: 'yy set +x\n' },
    ok('set -n; echo seen', 'seen\n'),
    ok('set -v'),
    { text: 'set +v; set -C; set -f; echo *', stdout: '*\n', complaint: 'set +v; set -C; set -f; echo *\n' },
    ok('set +Cf; set -o posix; f', 'F5\n'),
    ok('set +o posix; set -T; trap "x=1" DEBUG; f', 'F5\n'),
    ok('trap - DEBUG; set +T; trap "echo ERR" ERR; false || true; echo ok', 'ok\n'),
    { text: 'false', stdout: 'ERR\n', status: 1 },
    ok('echo $?; trap - ERR', '1\n'),
    ok('set -e; echo careful', 'careful\n'),
    ok('! true || true; set +e', ''),
    ok('trap "echo got" USR1; kill -USR1 $$; trap - USR1', 'got\n'),
    ok('set -o history; echo h; set +o history', 'h\n'),
  ],
  descriptors: [
    ok('cat; read -r line; echo "r=$?"', 'r=1\n'),
    { text: 'exec 2>&1; echo e >&2', stdout: 'e\n' },
    { text: 'echo e2 >&2', complaint: 'e2\n' },
    ok('exec >/dev/null; echo gone'),
    ok('echo back', 'back\n'),
    ok('exec </etc/hostname; cat >/dev/null; exec <&-'),
    ok('exec 10>/dev/null; exec 10>&-; echo ten', 'ten\n'),
    ok('exec 3>/dev/null; echo x >&3; exec 3>&-; echo three', 'three\n'),
    { text: 'echo s > /dev/stdout; echo t > /dev/stderr', stdout: 's\n', complaint: 't\n' },
    { text: 'echo x >&-', complaint: /Bad file descriptor/, status: 1 },
    ok('ls -l /proc/self/fd | grep -e private -e socket', / 2 -> [^\n]*\.err\n$/),
    { text: '(ls -l /proc/$BASHPID/fd; :) & wait', stdout: /^(?!.*marks)/s },
    ok('(ulimit -n 20; echo x | cat)', 'x\n'),
  ],
  jobs: [
    ok('sleep 60 & echo $!', /^\d+\n$/),
    ok('jobs; kill %1; wait; f', /Running +sleep 60 &\nF5\n$/),
    { text: 'fg', complaint: /no job control/, status: 1 },
    ok('(echo sub) & wait $!; echo done', 'sub\ndone\n'),
    ok('coproc cat; echo x >&${COPROC[1]}; read -r l <&${COPROC[0]}; echo "got $l"; kill $COPROC_PID; wait', 'got x\n'),
    ok('cat <(echo subst); echo x | tee >(cat >/dev/null)', 'subst\nx\n'),
  ],
};

describe('a shell keeps each command exact', () => {
  let shell: Subject;
  beforeAll(async () => {
    shell = subject(createShellDriver);
    mkdirSync(join(shell.workspace, "it's a dir"));
    await shell.driver.start(AbortSignal.timeout(10_000));
  });
  afterAll(() => shell[Symbol.asyncDispose]());

  for (const [name, rows] of Object.entries(session)) {
    it(`through ${name}`, async () => {
      for (const row of rows) {
        const answer = await shell.run(row.text, row);
        const where = row.text.slice(0, 80);
        expectBytes(answer.stdout, row.stdout ?? '', `stdout of ${where}`);
        expectBytes(answer.stderr, row.complaint ?? '', `stderr of ${where}`);
        expect(answer.end, where).toEqual({
          success: (row.status ?? 0) === 0,
          completedBy: 'program',
          exitCode: row.status ?? 0,
        });
        expect(answer.updates).toEqual([]);
      }
      expect(shell.spawns).toHaveLength(1);
    });
  }
});

function expectBytes(bytes: Buffer, wanted: string | Buffer | RegExp, what: string): void {
  if (wanted instanceof RegExp) expect(bytes.toString(), what).toMatch(wanted);
  else if (typeof wanted === 'string') expect(bytes.toString(), what).toBe(wanted);
  else expect(bytes.equals(wanted), `${what}: ${bytes.toString('hex')}`).toBe(true);
}
