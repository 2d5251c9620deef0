// The words of a change, without the commits; that a neighbour has a new version, too, is not news where all have the same.
module.exports = {
  getReleaseLine: async ({ summary }) => {
    const [first, ...rest] = summary.trim().split('\n');
    return `\n- ${[first, ...rest.map((line) => (line === '' ? '' : `  ${line}`))].join('\n')}`;
  },
  getDependencyReleaseLine: async () => '',
};
