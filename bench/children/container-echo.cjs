// The far end of a raw round trip in a container, as raw-echo is on this machine: gives back what it gets.
const fs = require('node:fs');
const net = require('node:net');

const [incoming, outgoing] = process.argv.slice(2).map((path) => {
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  return (options) => new net.Socket({ fd, ...options });
});
const answer = outgoing({ readable: false, writable: true });
incoming({ readable: true, writable: false }).on('data', (chunk) => answer.write(chunk));
