/** What tmux answered instead of obeying. Never leaves the package: it is translated where it is known what was wanted. */
export class TmuxCommandError extends Error {
  override readonly name: string = 'TmuxCommandError';
  /** The name of the command. */
  readonly command: string;

  constructor(command: string, message: string) {
    super(`${command}: ${message}`);
    this.command = command;
  }
}
