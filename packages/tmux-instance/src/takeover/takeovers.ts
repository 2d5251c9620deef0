import type { ServerLink } from '../pane/server-link.ts';

/** Persons at the terminal: who listens for them, and what tmux knows of them. */
export class Takeovers {
  readonly #listeners = new Set<(active: boolean) => void>();

  listen(listener: (active: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(active: boolean): void {
    for (const listener of this.#listeners) listener(active);
  }

  /** Is a person attached who has pressed a key since then (ms since the epoch; tmux knows whole seconds)? */
  async typedSince(link: ServerLink, name: string, time: number): Promise<boolean> {
    const [lines = []] = await link.run([
      ['list-clients', '-t', `=${name}`, '-F', '#{client_control_mode} #{client_activity}'],
    ]);
    return lines.some((line) => {
      const [isControl, activity] = line.split(' ').map(Number);
      return isControl === 0 && (activity as number) >= Math.floor(time / 1000) - 1;
    });
  }

  /** Resolves when no person is attached. */
  async whenDetached(link: ServerLink, name: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = link.whenNotified(['%client-detached', '%client-session-changed'], signal);
      left.catch(() => {});
      const [lines = []] = await link.run([['list-clients', '-t', `=${name}`, '-F', '#{client_control_mode}']]);
      if (!lines.includes('0')) return;
      await left;
    }
  }
}
