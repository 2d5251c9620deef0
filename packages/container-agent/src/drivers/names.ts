/** The programs that this version can drive. */
export const driverNames: readonly string[] = Object.freeze(['acp', 'claude', 'echo', 'shell'] satisfies DriverName[]);

export type DriverName = 'acp' | 'claude' | 'echo' | 'shell';
