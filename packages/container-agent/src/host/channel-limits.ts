/** For channels to an agent, which may be hostile: its frames are 64 KiB, but for the text of a command, which is one value. */
export const agentChannelLimits: { readonly maxMessageValues: number } = { maxMessageValues: 65_536 };
