#!/usr/bin/env node
'use strict';
// Makes or restores a backup, and ends when that is over: wait.js backup LABEL | restore ID
//
// Exit status 0 means that the backup is ready, or the restore done. Reads DCOS_URL and
// DCOS_ACS_TOKEN; looks every POLL_INTERVAL seconds, POLL_LIMIT times at most.

const { setTimeout: sleep } = require('node:timers/promises');
const { isDeepStrictEqual } = require('node:util');
const { BackupApi, BackupError } = require('./api.js');

const READY = 'STATUS_READY';
const ERROR = 'STATUS_ERROR';

const { DCOS_URL, DCOS_ACS_TOKEN, POLL_INTERVAL = '5', POLL_LIMIT = '720' } = process.env;
const FAILURES_IN_A_ROW_MAX = 8;

async function backUp(api, label) {
  const { id } = await api.create(label);
  await wait(api, id, isReady);
}

async function restore(api, id) {
  const isDone = watchRestore(await api.show(id));
  isDone(await api.restore(id));
  await wait(api, id, isDone);
}

/**
 * The whole may claim to be ready while a component is still at work, so all must say it. A status
 * that nobody documented counts as work.
 */
function isReady(backup) {
  const statuses = [backup.status, ...componentStatuses(backup)];
  if (statuses.includes(ERROR)) throw failed('backup', backup);
  return statuses.every((status) => status === READY);
}

/**
 * A backup shows its newest restore only, and nothing that tells it from the one before. So it
 * counts once it differs from what was there before, or has been seen at work since.
 */
function watchRestore(before) {
  let isNew = false;
  return function isDone({ restores }) {
    const statuses = componentStatuses(restores);
    const isAtWork = statuses.some((status) => status !== READY && status !== ERROR);
    isNew ||= isAtWork || !isDeepStrictEqual(restores, before.restores);
    if (isNew && statuses.includes(ERROR)) throw failed('restore', restores);
    return isNew && statuses.length > 0 && statuses.every((status) => status === READY);
  };
}

function componentStatuses(part) {
  return Object.values(part?.component_status ?? {}).map((component) => component?.status);
}

function failed(what, shown) {
  return new BackupError(`the ${what} failed: ${JSON.stringify(shown)}`);
}

async function wait(api, id, isOver) {
  let failures = 0;
  for (let looks = 0; looks < Number(POLL_LIMIT); looks += 1) {
    const backup = await api.show(id).catch((error) => {
      // A look changes nothing, so it may be repeated; a 502 says nothing about the backup.
      failures += 1;
      if (!error.mayPass || failures > FAILURES_IN_A_ROW_MAX) throw error;
    });
    if (backup) {
      failures = 0;
      if (isOver(backup)) return;
    }
    await sleep(Number(POLL_INTERVAL) * 1000);
  }
  throw new BackupError(`${id} is not over after ${POLL_LIMIT} looks; it may go on`);
}

async function main([what, subject, ...rest]) {
  const program = { backup: backUp, restore }[what];
  if (!program || subject === undefined || rest.length) {
    throw new BackupError('usage: wait.js backup LABEL | restore ID');
  }
  if (!DCOS_URL || !DCOS_ACS_TOKEN) throw new BackupError('set DCOS_URL and DCOS_ACS_TOKEN');
  await program(new BackupApi(DCOS_URL, DCOS_ACS_TOKEN), subject);
}

main(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof BackupError)) throw error; // a mistake in here: let it be seen
  const doubt = error.indeterminate ? '; it may have been carried out all the same' : '';
  console.error(`wait.js: ${error.message}${doubt}`);
  process.exitCode = 1;
});
