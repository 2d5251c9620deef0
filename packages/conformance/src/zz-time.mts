import { memorySpec } from '/work/main/packages/conformance/src/memory/memory-spec.ts';
import { defineConformance } from '/work/main/packages/conformance/src/define.ts';
const t: any[] = []; const d: string[] = []; let tidy: any;
defineConformance({ ...memorySpec(), testTimeoutMs: 4000 }, { describe(n, b) { d.push(n); b(); d.pop(); }, test(n, b) { t.push([d.at(-1), n, b]); }, afterEach(b) { tidy = b; } });
const g: Record<string, number[]> = {};
for (const [group, n, b] of t) { const s = performance.now(), c = process.cpuUsage(); await b(); await tidy(); const u = process.cpuUsage(c); const cpu = (u.user + u.system) / 1000; (g[group] ??= [0, 0]); g[group][0] += performance.now() - s; g[group][1] += cpu; if (cpu > 40) console.log(group, '|', n, Math.round(cpu)); }
console.log(g); process.exit();
