export type { AcpInstances, SessionRequest, SessionSummary } from './instances.ts';
export { type ServeAcpOptions, serveAcp } from './serve.ts';
