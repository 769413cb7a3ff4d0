/**
 * `node:http`, in a way that leaves its getters alone: `import` asks for every name that a module of Node's exports, and
 * behind some of those of `node:http` is all of `fetch`, which is a tenth of the start and 3 MB.
 */
export const http = process.getBuiltinModule('node:http');
