/** The programs that this version can drive. */
export const driverNames: readonly string[] = Object.freeze(['claude', 'echo', 'shell'] satisfies DriverName[]);

export type DriverName = 'claude' | 'echo' | 'shell';
