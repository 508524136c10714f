/** Callers, a client and a clock for tests of the backend client. */

import type { Clock, Log } from "../../../src/core/ports/runtime.ts";
import type { BackendAccount, BackendCaller } from "../../../src/core/ports/video-backend.ts";
import { NemoClient, type NemoClientOptions } from "../../../src/nemo/client.ts";

export const TOKEN = "nmv_usr_first-secret";
export const NEW_TOKEN = "nmv_usr_second-secret";
export const CLIENT_ID = "0b4ed4ac-55c1-4a0c-9f3b-6f0d8a6f5a11";

export interface TestCaller extends BackendCaller {
  account: BackendAccount;
  saved: BackendAccount[];
}

export function caller(account: Partial<BackendAccount> = {}): TestCaller {
  return {
    account: {
      owner: "free",
      clientId: CLIENT_ID,
      token: TOKEN,
      userId: "anon_1",
      expiresAt: null,
      ...account,
    },
    saved: [],
    skill: { name: "film-maker", version: "1.2.0", platform: "clawhub" },
    reloadAccount: async () => {},
    async saveAccount(saved) {
      this.saved.push(saved);
      this.account = saved;
    },
  };
}

/** A clock whose sleeps are over at once and remembered. */
class InstantClock implements Clock {
  readonly slept: number[] = [];
  time = Date.UTC(2026, 0, 1);

  now(): number {
    return this.time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
  }
}

class MemoryLog implements Log {
  readonly lines: { level: string; facts: object; message: string }[] = [];
  debug = this.#add("debug");
  info = this.#add("info");
  warn = this.#add("warn");
  error = this.#add("error");

  #add(level: string) {
    return (facts: object, message: string) => void this.lines.push({ level, facts, message });
  }
}

export interface TestClient extends AsyncDisposable {
  nemo: NemoClient;
  clock: InstantClock;
  log: MemoryLog;
}

export function client(apiUrl: string, options: Partial<NemoClientOptions> = {}): TestClient {
  const clock = new InstantClock();
  const log = new MemoryLog();
  const nemo = new NemoClient({
    apiUrl,
    webUrl: "https://web.example",
    retryWaitMs: 30_000,
    log,
    clock,
    resolveHost: async () => [{ address: "93.184.216.34", family: 4 }],
    ...options,
  });
  return { nemo, clock, log, [Symbol.asyncDispose]: () => nemo.close() };
}

/** A signal that is never aborted. */
export function never(): AbortSignal {
  return new AbortController().signal;
}

export const FREE_TOKEN_ROUTE = "POST /api/auth/anonymous-token";

export function tokenAnswerOf(token: string) {
  return { code: 0, data: { token, user_id: "anon_1", expires_at: "2026-01-08T00:00:00Z", credits: 100 } };
}
