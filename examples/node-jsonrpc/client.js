#!/usr/bin/env node
'use strict';
// Speaks JSON-RPC 2.0 on standard input and output, a message a line: initialize, then create,
// list, show, restore and delete as often as wanted, and shutdown.

const readline = require('node:readline');
const { BackupApi, BackupError } = require('./api.js');

const PARSE_ERROR = -32700;
const METHOD_NOT_FOUND = -32601;
const FAILED = -32000;

let api = null;

const methods = {
  initialize({ url, token }) {
    api = new BackupApi(url, token);
  },
  create: ({ label }) => api.create(label),
  list: ({ prefix }) => api.list(prefix),
  show: ({ id }) => api.show(id),
  restore: ({ id }) => api.restore(id),
  delete: ({ id }) => api.delete(id),
  shutdown() {},
};

async function answer({ method, params = {} }) {
  if (!Object.hasOwn(methods, method)) {
    return { error: { code: METHOD_NOT_FOUND, message: `there is no method ${method}` } };
  }
  try {
    const result = await methods[method](params);
    return { result: result ?? null }; // undefined would be left out, and then it is no answer
  } catch (error) {
    if (!(error instanceof BackupError)) throw error; // a mistake in here: let it be seen
    const { message, httpStatus, indeterminate } = error;
    return { error: { code: FAILED, message, data: { http_status: httpStatus, indeterminate } } };
  }
}

function write(message) {
  const line = JSON.stringify({ jsonrpc: '2.0', ...message }) + '\n';
  return new Promise((resolve) => process.stdout.write(line, resolve));
}

async function main() {
  // One line after the other: what is asked second may need what was asked first.
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let request;
    try {
      request = JSON.parse(line);
    } catch {
      await write({ id: null, error: { code: PARSE_ERROR, message: 'this is not JSON' } });
      continue;
    }
    await write({ id: request.id, ...(await answer(request)) });
    if (request.method === 'shutdown') break;
  }
  process.exit(); // not before connections that are kept for a next request have timed out
}

main();
