/** As in sysexits.h where that has a word for it. */
export const exitStatus = {
  ended: 0,
  /** `--alive`: no agent runs. `--kill`: something is left. */
  no: 1,
  usage: 2,
  /** EX_UNAVAILABLE: nobody listens at the socket. */
  unavailable: 69,
  /** EX_SOFTWARE */
  broken: 70,
  /** EX_TEMPFAIL: another agent of this instance lives. */
  locked: 75,
} as const;
