// Node with nothing but one open FIFO: says so on descriptor 3, and stays.
const fs = require('node:fs');
const net = require('node:net');

const fifo = process.argv[2];
if (fifo !== undefined) {
  const fd = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  new net.Socket({ fd, readable: true, writable: false }).resume();
}
fs.writeSync(3, 'ready\n');
setInterval(() => {}, 1e9);
