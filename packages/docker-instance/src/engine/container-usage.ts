import type { ContainerUsage } from './engine.ts';
import type { Fields } from './fields.ts';

/** As `docker stats` reckons it: without the page cache that may be given back at any time. */
export function containerUsage(stats: Fields): ContainerUsage {
  const memory = stats.in('memory_stats');
  const detail = memory.in('stats');
  // cgroup v1 says total_inactive_file, v2 inactive_file.
  const cache = detail.number('total_inactive_file') || detail.number('inactive_file');
  const used = memory.number('usage');
  return {
    memoryBytes: cache < used ? used - cache : used,
    cpuPercent: cpuPercent(stats.in('cpu_stats'), stats.in('precpu_stats')),
    pids: stats.in('pids_stats').number('current'),
  };
}

function cpuPercent(now: Fields, before: Fields): number {
  const used = now.in('cpu_usage').number('total_usage') - before.in('cpu_usage').number('total_usage');
  const passed = now.number('system_cpu_usage') - before.number('system_cpu_usage');
  const cpus = now.number('online_cpus') || now.in('cpu_usage').list('percpu_usage').length || 1;
  return used > 0 && passed > 0 ? (used / passed) * cpus * 100 : 0;
}
