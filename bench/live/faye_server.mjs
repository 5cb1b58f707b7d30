// npm `faye` as a server, as its documentation shows it. `node faye_server.mjs CLIENTS`, the folder with node_modules.

import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const faye = createRequire(`${process.argv[2]}/`)('faye');
const bayeux = new faye.NodeAdapter({ mount: '/bayeux', timeout: 45 });
const server = createServer();
bayeux.attach(server);
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
