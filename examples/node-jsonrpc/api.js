'use strict';
// The DC/OS backup service over HTTP, with nothing but Node. Nothing is retried here: only who asks
// knows whether it is safe to ask twice.

const BASE_PATH = '/system/v1/backup/v1';
const TIMEOUT_MS = Number(process.env.REQUEST_TIMEOUT ?? 8) * 1000;
const MESSAGE_LENGTH_MAX = 200;

// Of these errors one thing is known: the request did not reach anybody.
const NOT_SENT = new Set([
  'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * It did not work, or cannot be known to have worked (`indeterminate`). `mayPass` says whether the
 * same question may well be answered a moment later.
 */
class BackupError extends Error {
  constructor(message, { httpStatus, indeterminate = false, mayPass = false } = {}) {
    super(message);
    Object.assign(this, { httpStatus, indeterminate, mayPass });
  }
}

class BackupApi {
  constructor(url, token) {
    this.base = url.replace(/\/+$/, '') + BASE_PATH;
    this.headers = { Authorization: `token=${token}`, Accept: 'application/json' };
  }

  /** Starts a backup; its id is new. */
  async create(label) {
    return backupIn(await this.#ask('POST', '/create', { label }));
  }

  async list(prefix = '') {
    const query = prefix ? `?${new URLSearchParams({ prefix })}` : '';
    const backups = await this.#ask('GET', `/list${query}`);
    if (!Array.isArray(backups)) throw nonsense('is no list of backups');
    return backups.map(backupIn);
  }

  /** The service can only list, and by prefix: the id must be the same. */
  async show(id) {
    const found = (await this.list(id)).find((backup) => backup.id === id);
    if (!found) throw new BackupError(`there is no backup ${id}`);
    return found;
  }

  /** Starts to restore a backup; `restores` in it shows how far that is. */
  async restore(id) {
    return backupIn(await this.#ask('POST', '/restore', { id }));
  }

  async delete(id) {
    await this.#ask('DELETE', '/delete', { id });
  }

  async #ask(method, path, body) {
    let response, text;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: body ? { ...this.headers, 'Content-Type': 'application/json' } : this.headers,
        body: body && JSON.stringify(body),
        redirect: 'manual', // a redirected POST may become a GET
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw noAnswer(error);
    }
    const { status } = response;
    if (status !== 200) {
      throw new BackupError(`HTTP ${status}: ${messageIn(text)}`, {
        httpStatus: status,
        mayPass: status >= 500,
      });
    }
    if (!text) return null;
    try {
      return JSON.parse(text);
    } catch {
      throw nonsense('is not JSON');
    }
  }
}

function noAnswer(error) {
  if (error.name === 'TimeoutError') {
    const message = `no answer within ${TIMEOUT_MS / 1000} s`;
    return new BackupError(message, { indeterminate: true, mayPass: true });
  }
  const { cause } = error; // fetch's own message is always "fetch failed"
  if (!cause) return new BackupError(error.message); // no request, such as with a broken URL
  const why = cause.message || cause.code;
  return NOT_SENT.has(cause.code)
    ? new BackupError(`cannot connect: ${why}`, { mayPass: true })
    : new BackupError(`no usable answer: ${why}`, { indeterminate: true, mayPass: true });
}

function backupIn(value) {
  if (typeof value?.id !== 'string') throw nonsense('holds something that is no backup');
  return value;
}

function nonsense(what) {
  return new BackupError(`the answer ${what}`, { httpStatus: 200, mayPass: true });
}

/** The service's own words, or the title of a page that Admin Router wrote. */
function messageIn(text) {
  try {
    return JSON.parse(text).errors.join('; ');
  } catch {
    const said = /<title>(.*?)<\/title>/s.exec(text)?.[1] ?? text;
    return said.replace(/\s+/g, ' ').trim().slice(0, MESSAGE_LENGTH_MAX) || 'no text';
  }
}

module.exports = { BackupApi, BackupError };
