import { writeFileSync } from 'node:fs';
import { alternatives } from './alternatives.ts';
import { claude } from './claude.ts';
import { commandLine } from './command-line.ts';
import { hasEngine } from './docker/dock.ts';
import { dockerFleet } from './docker/fleet.ts';
import { dockerRoundTrip } from './docker/round-trip.ts';
import { dockerStart } from './docker/start.ts';
import { dockerStateChanges } from './docker/state-changes.ts';
import { dockerStreaming } from './docker/streaming.ts';
import type { Figure } from './figure.ts';
import { footprint } from './footprint.ts';
import { idleChannels } from './idle-channels.ts';
import { describeMachine } from './machine.ts';
import { replay } from './replay.ts';
import { markdownPage, type Section, textTable } from './report.ts';
import { roundTrip } from './round-trip.ts';
import { start } from './start.ts';
import { streaming } from './streaming.ts';
import { tmuxCommands } from './tmux/commands.ts';
import { tmuxFleet } from './tmux/fleet.ts';
import { Workplace } from './workplace.ts';

const COMMAND = 'npx -y pnpm@12.21.0 bench';
const PAGE = new URL('../docs/benchmarks.md', import.meta.url);

const subjects: Readonly<Record<string, { title: string; measure: (place: Workplace) => Promise<Figure[]> }>> = {
  'round-trip': { title: 'Round trip', measure: roundTrip },
  streaming: { title: 'Streaming', measure: streaming },
  replay: { title: 'Replay', measure: replay },
  footprint: { title: "Agent's footprint", measure: footprint },
  start: { title: 'Start', measure: start },
  'command-line': { title: 'Command line', measure: commandLine },
  alternatives: { title: 'Alternatives', measure: alternatives },
  claude: { title: 'Claude Code', measure: claude },
  idle: { title: 'Idle', measure: idleChannels },
  'tmux-commands': { title: 'tmux: commands', measure: tmuxCommands },
  'tmux-fleet': { title: 'tmux: fifty sessions', measure: tmuxFleet },
  'docker-round-trip': { title: 'Docker: round trip', measure: dockerRoundTrip },
  'docker-start': { title: 'Docker: cold start', measure: dockerStart },
  'docker-streaming': { title: 'Docker: streaming', measure: dockerStreaming },
  'docker-fleet': { title: 'Docker: fifty containers', measure: dockerFleet },
  'docker-state': { title: 'Docker: changes of state', measure: dockerStateChanges },
};

/** @param wanted names of subjects; none: all of them, and the page is written */
async function main(wanted: readonly string[]): Promise<void> {
  const unknown = wanted.filter((name) => !(name in subjects));
  if (unknown.length > 0) throw new TypeError(`${unknown.join(', ')}: not one of ${Object.keys(subjects).join(', ')}`);
  requireBuild();
  const machine = describeMachine();
  process.stdout.write(`${machine}\n`);
  const sections: Section[] = [];
  for (const [name, { title, measure }] of Object.entries(subjects)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    if (name.startsWith('docker-') && !hasEngine()) {
      process.stdout.write(`\n${title}: left out, there is no Docker engine here.\n`);
      continue;
    }
    await using place = new Workplace();
    const section = { title, figures: await measure(place) };
    sections.push(section);
    process.stdout.write(`\n${textTable(section)}\n`);
  }
  if (wanted.length === 0) writeFileSync(PAGE, markdownPage(machine, COMMAND, sections));
}

/** Source, compiled on the fly, would be measured with the compiler's work in it. */
function requireBuild(): void {
  const entry = import.meta.resolve('@ccb/process-instance');
  if (!entry.endsWith('/dist/index.js')) throw new Error(`The built packages are measured, not ${entry}.`);
}

await main(process.argv.slice(2));
