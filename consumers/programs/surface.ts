// Types and values of the packages that need an engine, a terminal or an editor: they compile, and load.
import { type AcpInstances, type ServeAcpOptions, serveAcp } from '@ccb/acp';
import { type ConformanceSpec, defineConformance, shellCommands } from '@ccb/conformance';
import { AgentClient, agentFile } from '@ccb/container-agent';
import { DockerContainer, type DockerSpec, dockerBackend } from '@ccb/docker-instance';
import { examine, type Finding } from '@ccb/doctor';
import type { Backend } from '@ccb/instance-interface';
import { AbstractInstance } from '@ccb/instance-interface/abstract';
import { TmuxInstance, type TmuxSpec, tmuxBackend } from '@ccb/tmux-instance';

const docker: DockerSpec = { type: 'docker', name: 'box', image: 'node:20', limits: { pids: 64 } };
const tmux: TmuxSpec = { type: 'tmux', name: 'pane', takeover: 'wait' };
export type Everything = [AcpInstances, ServeAcpOptions, ConformanceSpec, Finding, Backend];
const values = [serveAcp, defineConformance, shellCommands, AgentClient, agentFile, examine, AbstractInstance];
console.log('surface', values.every(Boolean), typeof DockerContainer.create, typeof TmuxInstance.create);
console.log('specs', dockerBackend().parseSpec(docker).name, tmuxBackend().parseSpec(tmux).name);
