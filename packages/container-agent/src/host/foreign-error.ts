import { InstanceError } from '@ccb/instance-interface';
import { NamedPipeError } from '@ccb/named-pipe';

/** What pipes, locks and the file system threw, as an error of the instance; everything else as it is. */
export function translated(name: string, error: unknown): unknown {
  if (NamedPipeError.is(error)) return ofPipe(name, error);
  if (error instanceof Error && 'syscall' in error) {
    const options = { cause: error, instance: name };
    return new InstanceError(
      'CCB_BACKEND_UNREACHABLE',
      `${name}: ${error.message}. Check the path, its mode and the disk.`,
      options,
    );
  }
  return error;
}

function ofPipe(name: string, error: NamedPipeError): InstanceError {
  const { code, holder, message } = error;
  const retryable = code === 'CCB_PIPE_LOCKED' || code === 'CCB_PIPE_TIMEOUT';
  const options = { cause: error, retryable, instance: name };
  if (code !== 'CCB_PIPE_LOCKED') return new InstanceError('CCB_PIPE', `${name}: ${message}`, options);
  const by = holder === undefined ? '' : ` by process ${holder.pid} (${holder.command}) since ${holder.since}`;
  return new InstanceError(
    'CCB_LOCKED',
    `${name} is held${by}. End that one, or open the instance with mode 'observe'.`,
    options,
  );
}
