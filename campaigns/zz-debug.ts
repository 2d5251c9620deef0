import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { execSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { Sandbox } from './sandbox.ts';
import { Bridge } from './bridge.ts';
import { Random } from './random.ts'; import { numbered } from './numbered.ts';
import { Subject } from './subject.ts';
const sandbox = new Sandbox();
try { const record = await sandbox.createRecord(); const subject = new Subject(record); const random = new Random(Number(process.argv[2])); for (let i = 0; i < 60; i++) {
 const c = numbered(random, sandbox.workspace + '/ran');
  const b1 = await Bridge.start(sandbox, { record, id: c.id, text: c.text });
  const target = random.fraction() * c.output.length; await b1.until(() => b1.text.length > target || b1.stage === 'ended', 20000); await delay(Math.random() * 3);
  const stage = b1.stage;
  await b1.kill();
  const b2 = await Bridge.start(sandbox, { record, id: c.id, text: c.text, after: b1.cursor });
  try { await b2.ended(4000); if (b2.complaint) console.log(i, stage, b2.complaint); else process.stdout.write('.'); } catch (e) {
    console.log(i, 'first', stage, String(e), subject.agents(), subject.programs());
    console.log(readFileSync(subject.directory + '/state/agent.log', 'utf8').split('\n').slice(-12).join('\n'));
    console.log(execSync('ps -ef --forest | grep -v "ps -ef" | tail -30').toString().split('\n').map((l) => l.slice(0, 200)).join('\n'));
    for (const pid of [b2.pid, ...subject.agents()]) console.log(pid, readdirSync(`/proc/${pid}/fd`).map((f) => { try { return f + ':' + readlinkSync(`/proc/${pid}/fd/${f}`) } catch { return f } }).join(' '));
    await b2.ended(60000).catch(() => 0); console.log('then', b2.stage, b2.complaint, b2.result);
    break;
  }
} } finally { console.log(await sandbox.end()); process.exit(); }
