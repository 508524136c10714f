import { describe, expect, it } from "vitest";
import type { BackendAccount } from "../../../src/core/ports/video-backend.ts";
import {
  CLIENT_ID,
  caller,
  client,
  FREE_TOKEN_ROUTE,
  NEW_TOKEN,
  never,
  type TestCaller,
  TOKEN,
  tokenAnswerOf,
} from "../support/caller.ts";
import { collect } from "../support/collect.ts";
import { drop, json, plain, type Script, sse, startServer } from "../support/scripted-server.ts";

const CREDITS = "GET /api/credits/balance/simple";
const RUN = "POST /run_sse";
const GOOD_CREDITS = json({ code: 0, data: { available: 1 } });
const GOOD_TOKEN = json(tokenAnswerOf(NEW_TOKEN));
const NOW = Date.UTC(2026, 0, 1);
const WEEK_S = 604_800;
const WEEK_MS = WEEK_S * 1000;

function tokenUntil(expiresAt: unknown): Script {
  return json({ code: 0, data: { token: NEW_TOKEN, user_id: "anon_1", expires_at: expiresAt } });
}

/** Callers of one conversation, with one stored account between them. */
function sharedStore(account: Partial<BackendAccount> = {}): { stored: BackendAccount; open(): TestCaller } {
  const store = {
    stored: caller(account).account,
    open(): TestCaller {
      return {
        ...caller(account),
        async reloadAccount() {
          this.account = store.stored;
        },
        async saveAccount(saved) {
          store.stored = saved;
          this.account = saved;
          this.saved.push(saved);
        },
      };
    },
  };
  return store;
}

/** Answers when the test says so; `asked` resolves once the request is there. */
function held(script: Script) {
  const { promise: asked, resolve: tell } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const answer: Script["answer"] = async (response, request) => {
    tell();
    await released;
    return script.answer(response, request);
  };
  return { script: { answer }, asked, release };
}

describe("when a token that was just given expires", () => {
  it.each<[string, unknown, number | null]>([
    ["an ISO time", "2026-01-08T00:00:00Z", NOW + WEEK_MS],
    ["epoch seconds", (NOW + WEEK_MS) / 1000, NOW + WEEK_MS],
    ["epoch seconds as text", String((NOW + WEEK_MS) / 1000), NOW + WEEK_MS],
    ["epoch ms", NOW + WEEK_MS, NOW + WEEK_MS],
    ["a duration in seconds", WEEK_S, NOW + WEEK_MS],
    ["a duration as text", String(WEEK_S), NOW + WEEK_MS],
    ["a time that is over", "2020-01-01T00:00:00Z", null],
    ["this very moment", NOW, null],
    ["a second of 2020", 1_577_836_800, null],
    ["zero", 0, null],
    ["a negative number", -5, null],
    ["no time at all", "soon", null],
    ["an object", {}, null],
    ["nothing", undefined, null],
    ["beyond all times", 1e300, null],
  ])("%s is read", async (_, expiresAt, want) => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, tokenUntil(expiresAt));
    await using test = client(server.url);
    const who = caller({ token: null });
    await test.nemo.signIn(who, never());
    expect(who.account).toMatchObject({ token: NEW_TOKEN, expiresAt: want });
  });

  it.each<[string, unknown]>([
    ["over already", "2020-01-01T00:00:00Z"],
    ["a duration", WEEK_S],
  ])("%s: the token is used all the same, and no call asks for another", async (_, expiresAt) => {
    await using server = (await startServer())
      .on(FREE_TOKEN_ROUTE, tokenUntil(expiresAt))
      .on(CREDITS, GOOD_CREDITS, GOOD_CREDITS, GOOD_CREDITS);
    await using test = client(server.url);
    const who = caller({ token: null });
    for (let call = 0; call < 3; call++) await test.nemo.readCredits(who, never());
    expect(server.requests(FREE_TOKEN_ROUTE)).toHaveLength(1);
  });
});

describe("a renewal", () => {
  it("is not made when another call of the conversation has kept a new token", async () => {
    const store = sharedStore();
    await using server = (await startServer()).on(CREDITS, plain(401), GOOD_CREDITS);
    await using test = client(server.url);
    const who = store.open();
    store.stored = { ...store.stored, token: NEW_TOKEN };
    await test.nemo.readCredits(who, never());
    expect(server.requests(CREDITS)[1]?.headers.authorization).toBe(`Bearer ${NEW_TOKEN}`);
    expect(server.requests(FREE_TOKEN_ROUTE)).toEqual([]);
  });

  it("goes on when its caller is cancelled: who waits for it gets its token, and it is kept", async () => {
    const token = held(GOOD_TOKEN);
    const cancelled = new AbortController();
    await using server = (await startServer()).on(CREDITS, GOOD_CREDITS).on(FREE_TOKEN_ROUTE, token.script);
    await using test = client(server.url);
    const one = caller({ token: null });
    const two = caller({ token: null });
    const first = test.nemo.signIn(one, cancelled.signal);
    const second = test.nemo.readCredits(two, never());
    await token.asked;
    cancelled.abort(new Error("cancelled"));
    await expect(first).rejects.toThrow("cancelled");
    token.release();
    expect(await second).toMatchObject({ available: 1 });
    expect([one.account.token, two.account.token]).toEqual([NEW_TOKEN, NEW_TOKEN]);
    expect(server.requests(FREE_TOKEN_ROUTE)).toHaveLength(1);
  });

  it("cancelled before it begins asks for nothing", async () => {
    await using server = await startServer();
    await using test = client(server.url);
    const signal = AbortSignal.abort(new Error("cancelled"));
    await expect(test.nemo.signIn(caller({ token: null }), signal)).rejects.toThrow("cancelled");
    expect(server.seen).toEqual([]);
  });

  it("that has no caller left may fail without a word", async () => {
    const token = held(drop);
    const cancelled = new AbortController();
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, token.script, GOOD_TOKEN);
    await using test = client(server.url);
    const who = caller({ token: null });
    const call = test.nemo.signIn(who, cancelled.signal);
    await token.asked;
    cancelled.abort(new Error("cancelled"));
    await expect(call).rejects.toThrow("cancelled");
    token.release();
    // An unheard rejection would fail the run. The next call waits for the first, or makes its own.
    await test.nemo.signIn(who, never()).catch(() => test.nemo.signIn(who, never()));
    expect(who.account.token).toBe(NEW_TOKEN);
  });

  it("tells the store's own error, not one of the network", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, GOOD_TOKEN);
    await using test = client(server.url);
    const full = new Error("disk full");
    const who = { ...caller({ token: null }), saveAccount: () => Promise.reject(full) };
    await expect(test.nemo.signIn(who, never())).rejects.toBe(full);
  });

  it("that fails inside another call says that this one did not leave", async () => {
    await using server = (await startServer()).on(RUN, plain(401)).on(FREE_TOKEN_ROUTE, drop);
    await using test = client(server.url);
    const call = collect(test.nemo.runTurn(caller(), { sessionId: "s1", text: "hi" }, never()));
    await expect(call).rejects.toMatchObject({ kind: "unreachable", isOutcomeUnknown: false });
    expect(server.requests(RUN)).toHaveLength(1);
  });

  it("of many conversations at once leaves no warning about listeners", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning.name);
    process.on("warning", onWarning);
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, ...Array(40).fill(GOOD_TOKEN));
    await using test = client(server.url);
    const ids = Array.from({ length: 40 }, (_, index) => `client-${index}`);
    await Promise.all(ids.map((clientId) => test.nemo.signIn(caller({ token: null, clientId }), never())));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("a token whose answer was lost", () => {
  const LIMITED = plain(429);
  const clientIds = (server: Awaited<ReturnType<typeof startServer>>) =>
    server.requests(FREE_TOKEN_ROUTE).map((request) => request.headers["x-client-id"]);

  it("may have been given: refused for the week, the client id gives way to a new one", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, drop, LIMITED, LIMITED, GOOD_TOKEN);
    await using test = client(server.url);
    const who = caller({ token: null });
    await expect(test.nemo.signIn(who, never())).rejects.toMatchObject({ kind: "connection-lost" });
    await test.nemo.signIn(who, never());
    const ids = clientIds(server);
    expect(ids.slice(0, 3)).toEqual([CLIENT_ID, CLIENT_ID, CLIENT_ID]);
    expect(ids[3]).toMatch(/^[\da-f-]{36}$/);
    expect(ids[3]).not.toBe(CLIENT_ID);
    expect(who.account).toMatchObject({ token: NEW_TOKEN, clientId: ids[3] });
  });

  it("keeps its client id while the backend still takes it", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, drop, GOOD_TOKEN);
    await using test = client(server.url);
    const who = caller({ token: null });
    await expect(test.nemo.signIn(who, never())).rejects.toMatchObject({ kind: "connection-lost" });
    await test.nemo.signIn(who, never());
    expect(who.account.clientId).toBe(CLIENT_ID);
  });

  it("and a limit of the address: a new client id is tried once a call, until one is taken", async () => {
    await using server = (await startServer()).on(
      FREE_TOKEN_ROUTE,
      drop,
      ...Array(6).fill(LIMITED),
      GOOD_TOKEN,
    );
    await using test = client(server.url);
    const who = caller({ token: null });
    await expect(test.nemo.signIn(who, never())).rejects.toMatchObject({ kind: "connection-lost" });
    await expect(test.nemo.signIn(who, never())).rejects.toMatchObject({ kind: "free-token-limit" });
    expect(server.requests(FREE_TOKEN_ROUTE)).toHaveLength(5);
    await test.nemo.signIn(who, never());
    expect(who.account.token).toBe(NEW_TOKEN);
  });

  it("is no reason for a new client id when nothing was lost", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, LIMITED, LIMITED);
    await using test = client(server.url);
    await expect(test.nemo.signIn(caller({ token: null }), never())).rejects.toMatchObject({
      kind: "free-token-limit",
    });
    expect(new Set(clientIds(server))).toEqual(new Set([CLIENT_ID]));
  });

  it("because the store did not keep it counts as lost too", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, GOOD_TOKEN, LIMITED, LIMITED, GOOD_TOKEN);
    await using test = client(server.url);
    const who = caller({ token: null });
    const failing = { ...who, saveAccount: () => Promise.reject(new Error("disk full")) };
    await expect(test.nemo.signIn(failing, never())).rejects.toThrow("disk full");
    await test.nemo.signIn(who, never());
    expect(who.account.token).toBe(NEW_TOKEN);
  });
});

describe("closing the client", () => {
  it("ends a token call that runs, for its caller and for who waits with it", async () => {
    const token = held(GOOD_TOKEN);
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, token.script);
    await using test = client(server.url);
    const calls = [
      test.nemo.signIn(caller({ token: null }), never()),
      test.nemo.signIn(caller({ token: null }), never()),
    ];
    const ends = Promise.allSettled(calls);
    await token.asked;
    await test.nemo.close();
    for (const end of await ends) {
      expect(end).toMatchObject({ status: "rejected", reason: { kind: "connection-lost" } });
    }
    await server.quiet();
  });

  it("ends one that waits after 429 as well, and none begins later", async () => {
    const { promise: waits, resolve: onWait } = Promise.withResolvers<void>();
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, plain(429));
    const clock = {
      now: () => NOW,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
          onWait();
        }),
    };
    await using test = client(server.url, { clock });
    const call = test.nemo.signIn(caller({ token: null }), never());
    const end = expect(call).rejects.toMatchObject({ kind: "connection-lost" });
    await waits;
    await test.nemo.close();
    await end;
    await expect(test.nemo.signIn(caller({ token: null }), never())).rejects.toMatchObject({
      kind: "connection-lost",
    });
    expect(server.requests(FREE_TOKEN_ROUTE)).toHaveLength(1);
  });

  it("may be done twice", async () => {
    const test = client("http://127.0.0.1:1");
    await test.nemo.close();
    await test.nemo.close();
  });
});

describe("a token that was refused in a turn", () => {
  it("is renewed once for two calls that found it so", async () => {
    const store = sharedStore();
    await using server = (await startServer())
      .on(RUN, sse({ code: 1001 }), sse({ text: "done" }))
      .on(CREDITS, plain(401), GOOD_CREDITS)
      .on(FREE_TOKEN_ROUTE, GOOD_TOKEN);
    await using test = client(server.url);
    await Promise.all([
      collect(test.nemo.runTurn(store.open(), { sessionId: "s1", text: "hi" }, never())),
      test.nemo.readCredits(store.open(), never()),
    ]);
    expect(server.requests(FREE_TOKEN_ROUTE)).toHaveLength(1);
    expect(server.requests(RUN)[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(server.requests(RUN)[1]?.headers.authorization).toBe(`Bearer ${NEW_TOKEN}`);
  });
});

describe("who a free account belongs to", () => {
  const STATE = "GET /api/state/nemo_agent/me/s1/latest";

  it.each([
    ["beside the state", { code: 0, data: { user_id: "anon_9", state: { draft: {} } } }],
    ["in the state", { code: 0, data: { state: { draft: {}, user_id: "anon_9" } } }],
    ["in the other envelope", { success: true, data: { userId: "anon_9", state: { draft: {} } } }],
  ])("is learned from a state that says so %s, where the token's answer did not", async (_where, body) => {
    await using server = (await startServer()).on(STATE, json(body), json(body));
    await using test = client(server.url);
    const who = caller({ userId: null });
    await test.nemo.readState(who, "s1", new AbortController().signal);
    expect(who.account.userId).toBe("anon_9");
    expect(who.account.token).toBe(TOKEN);
    await test.nemo.readState(who, "s1", new AbortController().signal);
    expect(who.saved).toHaveLength(1);
  });

  it("is not asked of an operator's token", async () => {
    const body = { code: 0, data: { user_id: "anon_9", state: {} } };
    await using server = (await startServer()).on(STATE, json(body));
    await using test = client(server.url);
    const who = caller({ owner: "operator", userId: null });
    await test.nemo.readState(who, "s1", new AbortController().signal);
    expect(who.saved).toEqual([]);
  });
});
