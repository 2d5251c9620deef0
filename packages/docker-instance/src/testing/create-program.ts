import { dockerBackend } from '@ccb/docker-instance';

// Tries to make an instance, and says why it cannot: in an environment, and as a user, of its own.
const [home = '', workspace = '', image = ''] = process.argv.slice(2);
const backend = dockerBackend({ home });
const error = await backend
  .create({ type: 'docker', name: 'box', image, workspace })
  .then(() => undefined)
  .catch((reason: unknown) => reason);
const { code, message } = error as { readonly code?: string; readonly message?: string };
process.stdout.write(JSON.stringify({ code, message }));
