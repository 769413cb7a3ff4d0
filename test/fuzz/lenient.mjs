// Loaded before a service that a campaign has to find fault with: Node's parser takes what it should not.
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';

const { createServer } = http;
http.createServer = (options, handler) =>
  createServer(Object.assign({}, options, { insecureHTTPParser: true }), handler);
syncBuiltinESMExports();
