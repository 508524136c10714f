import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { BackendError } from "../../../src/core/model/backend-error.ts";
import { kindOf } from "../../../src/nemo/transport/errors.ts";
import {
  CLIENT_ID,
  caller,
  client,
  FREE_TOKEN_ROUTE,
  NEW_TOKEN,
  never,
  TOKEN,
  tokenAnswerOf,
} from "../support/caller.ts";
import { collect } from "../support/collect.ts";
import {
  drop,
  dropAfter,
  json,
  plain,
  type Script,
  silence,
  sse,
  startServer,
} from "../support/scripted-server.ts";

const CREDITS = "GET /api/credits/balance/simple";
const SESSION = "POST /api/tasks/me/with-session/nemo_agent";
const STATE = "GET /api/state/nemo_agent/me/s1/latest";
const RENDER = "POST /api/render/proxy/lambda";
const RUN = "POST /run_sse";
const GOOD_CREDITS = json({ code: 0, data: { available: 1, frozen: 0, total: 1 } });
const turn = { sessionId: "s1", text: "hi" };
const render = { renderId: "r1", sessionId: "s1", draft: {}, files: [] };

describe("the table of errors", () => {
  it.each([
    ["code 1001", { code: 1001 }, "bad-token"],
    ["code 1002", { code: 1002 }, "session-lost"],
    ["code 2001", { code: 2001 }, "no-credits"],
    ["code 4001", { code: 4001 }, "unsupported-file"],
    ["code 4002", { code: 4002 }, "too-large"],
    ["a code wins over the status", { code: 2001, status: 402 }, "no-credits"],
    ["a status inside the code", { code: 429 }, "rate-limited"],
    ["500 inside the code", { code: 500 }, "unavailable"],
    ["400", { status: 400 }, "refused"],
    ["400 about the client id", { status: 400, message: "missing X-Client-Id" }, "missing-client-id"],
    ["400 of the token call", { status: 400, subject: "token" as const }, "missing-client-id"],
    ["401", { status: 401 }, "bad-token"],
    ["402 of an export", { status: 402, subject: "new-render" as const }, "export-blocked"],
    [
      "402 of an export that speaks of credits",
      { status: 402, subject: "new-render" as const, message: "no credits" },
      "export-blocked",
    ],
    ["402 elsewhere", { status: 402 }, "plan-required"],
    ["402 with words of a plan", { code: 402, message: "Upgrade your plan for 4K credits" }, "plan-required"],
    ["402 with words of credits", { status: 402, message: "Insufficient credits" }, "no-credits"],
    ["402 with Chinese words of credits", { code: 402, message: "积分不足" }, "no-credits"],
    ["403", { status: 403 }, "refused"],
    ["404 of a session", { status: 404 }, "session-lost"],
    ["404 of a render", { status: 404, subject: "render" as const }, "not-found"],
    ["404 of the session a render is for", { status: 404, subject: "new-render" as const }, "session-lost"],
    ["404 of nothing in particular", { status: 404, subject: "account" as const }, "refused"],
    ["403 of a file's own address", { status: 403, subject: "file" as const }, "not-found"],
    ["409 of a render", { status: 409, subject: "new-render" as const }, "duplicate-render"],
    ["409 elsewhere", { status: 409 }, "refused"],
    [
      "words of a duplicate",
      { subject: "new-render" as const, message: "render id already exists" },
      "duplicate-render",
    ],
    [
      "409 of a session that renders already",
      { status: 409, subject: "new-render" as const, message: "A render is already active" },
      "render-active",
    ],
    [
      "words of a session that renders already",
      { subject: "new-render" as const, message: "Another render of this session is in progress" },
      "render-active",
    ],
    [
      "429 for the one active render",
      { status: 429, subject: "new-render" as const, message: "only one active render per session" },
      "render-active",
    ],
    ["words of an active render elsewhere", { status: 409, message: "active render" }, "refused"],
    [
      "a code wins over words",
      { code: 2001, subject: "new-render" as const, message: "active render" },
      "no-credits",
    ],
    ["404 of the session an upload is for", { status: 404, subject: "upload" as const }, "session-lost"],
    ["words of a large upload", { subject: "upload" as const, message: "File too large" }, "too-large"],
    [
      "words of an upload over the size",
      { status: 400, subject: "upload" as const, message: "exceeds the maximum of 500 MB" },
      "too-large",
    ],
    [
      "words of an odd upload",
      { status: 400, subject: "upload" as const, message: "Unsupported file type" },
      "unsupported-file",
    ],
    ["the same words elsewhere", { status: 400, message: "Unsupported file type" }, "refused"],
    ["words of a lost session", { message: "Session not found: s1" }, "session-lost"],
    ["408", { status: 408 }, "unavailable"],
    ["413", { status: 413 }, "too-large"],
    ["415", { status: 415 }, "unsupported-file"],
    ["429", { status: 429 }, "rate-limited"],
    ["500", { status: 500 }, "unavailable"],
    ["599", { status: 599 }, "unavailable"],
    ["a redirect of the API", { status: 302 }, "refused"],
    ["an unknown code", { code: 77 }, "refused"],
  ])("%s", (_, facts, kind) => {
    expect(kindOf({ operation: "x", subject: "session", status: 200, ...facts })).toBe(kind);
  });
});

/** What a call throws; fails when it does not. */
async function errorOf(call: Promise<unknown>): Promise<BackendError> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BackendError);
  return error as BackendError;
}

/** The error of one state read, its retries exhausted by `answers`. */
async function stateError(...answers: Script[]): Promise<BackendError> {
  await using server = (await startServer()).on(STATE, ...answers);
  await using test = client(server.url);
  return await errorOf(test.nemo.readState(caller({ owner: "operator" }), "s1", never()));
}

describe("forms an error arrives in", () => {
  it.each<[string, Script, object]>([
    [
      "an envelope with status 200",
      json({ code: 2001, message: "x" }),
      { kind: "no-credits", code: 2001, status: undefined },
    ],
    [
      "an envelope with a status",
      json({ code: 1002 }, 404),
      { kind: "session-lost", code: 1002, status: 404 },
    ],
    ["a code as text", json({ code: "1002" }), { kind: "session-lost", code: 1002 }],
    ["a gateway's refusal", json({ success: false, error: "nope" }), { kind: "refused" }],
    ["an error alone", json({ error: "Session not found" }), { kind: "session-lost" }],
    ["FastAPI's detail", json({ detail: "Session not found" }, 422), { kind: "session-lost", status: 422 }],
    ["a status without a body", plain(404), { kind: "session-lost", status: 404 }],
    ["a status with HTML", plain(402, "<html>"), { kind: "plan-required", status: 402 }],
    ["no JSON at all", plain(200, "<html>"), { kind: "bad-answer" }],
    ["a list", json([]), { kind: "bad-answer" }],
  ])("%s", async (_, script, want) => {
    expect(await stateError(script)).toMatchObject(want);
  });

  it("tells how long the backend asks to wait", async () => {
    const limited = plain(429, "", { "retry-after": "7" });
    expect(await stateError(limited, limited)).toMatchObject({ kind: "rate-limited", retryAfterMs: 7000 });
  });

  it("an answer without end is given up", async () => {
    await using server = (await startServer()).on(
      STATE,
      json({ data: { state: { draft: "x".repeat(5000) } } }),
    );
    await using test = client(server.url, { limits: { maxAnswerBytes: 1000 } });
    expect(await errorOf(test.nemo.readState(caller(), "s1", never()))).toMatchObject({ kind: "bad-answer" });
  });
});

describe("a refused token", () => {
  const REFUSALS: [string, Script][] = [
    ["HTTP 401", plain(401)],
    ["code 1001", json({ code: 1001 })],
    ["code 1001 with 401", json({ code: 1001 }, 401)],
  ];
  it.each(REFUSALS)(
    "%s: a free account is renewed with the same client id and the call repeated once",
    async (_, refusal) => {
      await using server = (await startServer())
        .on(CREDITS, refusal, GOOD_CREDITS)
        .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
      await using test = client(server.url);
      const who = caller();
      expect(await test.nemo.readCredits(who, never())).toMatchObject({ available: 1 });
      expect(server.requests(FREE_TOKEN_ROUTE)[0]?.headers["x-client-id"]).toBe(CLIENT_ID);
      expect(server.requests(CREDITS)[1]?.headers.authorization).toBe(`Bearer ${NEW_TOKEN}`);
      expect(who.saved).toEqual([
        {
          owner: "free",
          clientId: CLIENT_ID,
          token: NEW_TOKEN,
          userId: "anon_1",
          expiresAt: Date.parse("2026-01-08T00:00:00Z"),
        },
      ]);
    },
  );

  it.each<[string, Script]>([...REFUSALS, ["a first frame of code 1001", sse({ code: 1001 })]])(
    "%s: a turn is sent again, since nothing was done",
    async (_, refusal) => {
      await using server = (await startServer())
        .on(RUN, refusal, sse({ text: "done" }))
        .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
      await using test = client(server.url);
      expect(await collect(test.nemo.runTurn(caller(), turn, never()))).toEqual([
        { type: "text", text: "done" },
      ]);
    },
  );

  it("a second refusal ends the call", async () => {
    await using server = (await startServer())
      .on(CREDITS, plain(401), plain(401))
      .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    expect(await errorOf(test.nemo.readCredits(caller(), never()))).toMatchObject({ kind: "bad-token" });
  });

  it("an operator's token is not replaced", async () => {
    await using server = (await startServer()).on(CREDITS, plain(401));
    await using test = client(server.url);
    expect(await errorOf(test.nemo.readCredits(caller({ owner: "operator" }), never()))).toMatchObject({
      kind: "bad-token",
    });
  });

  it("an operator without a token asks for none", async () => {
    await using server = await startServer();
    await using test = client(server.url);
    const who = caller({ owner: "operator", token: null });
    expect(await errorOf(test.nemo.readCredits(who, never()))).toMatchObject({ kind: "bad-token" });
    expect(server.seen).toEqual([]);
  });

  it("an expired token is renewed before it is sent", async () => {
    await using server = (await startServer())
      .on(CREDITS, GOOD_CREDITS)
      .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    await test.nemo.readCredits(caller({ expiresAt: test.clock.now() }), never());
    expect(server.requests(CREDITS)[0]?.headers.authorization).toBe(`Bearer ${NEW_TOKEN}`);
  });

  it("calls side by side share one renewal", async () => {
    const state = json({ data: { state: {} } });
    await using server = (await startServer())
      .on(CREDITS, GOOD_CREDITS)
      .on(STATE, state)
      .on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    const other = caller({ token: null });
    await Promise.all([
      test.nemo.readCredits(caller({ token: null }), never()),
      test.nemo.readState(other, "s1", never()),
    ]);
    expect(server.requests(FREE_TOKEN_ROUTE)).toHaveLength(1);
    expect(other.account.token).toBe(NEW_TOKEN);
  });
});

describe("the free token", () => {
  it("is not asked for twice", async () => {
    await using server = await startServer();
    await using test = client(server.url);
    await test.nemo.signIn(caller(), never());
    expect(server.seen).toEqual([]);
  });

  it.each([
    ["400", plain(400)],
    ["an envelope", json({ code: 400, message: "missing X-Client-Id" })],
  ])("%s for the client id: a new one is made and kept", async (_, refusal) => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, refusal, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    const who = caller({ token: null });
    await test.nemo.signIn(who, never());
    const [first, second] = server
      .requests(FREE_TOKEN_ROUTE)
      .map((request) => request.headers["x-client-id"]);
    expect(first).toBe(CLIENT_ID);
    expect(second).toMatch(/^[\da-f-]{36}$/);
    expect(who.account.clientId).toBe(second);
  });

  it("a client id that no backend would take is replaced at once", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, json(tokenAnswerOf(NEW_TOKEN)));
    await using test = client(server.url);
    await test.nemo.signIn(caller({ token: null, clientId: "" }), never());
    expect(server.seen[0]?.headers["x-client-id"]).toMatch(/^[\da-f-]{36}$/);
  });

  it("429 also after the wait is the limit of free tokens", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, plain(429), plain(429));
    await using test = client(server.url);
    expect(await errorOf(test.nemo.readCredits(caller({ token: null }), never()))).toMatchObject({
      kind: "free-token-limit",
    });
    expect(test.clock.slept).toEqual([30_000]);
  });
});

describe("429", () => {
  it.each([
    ["a status", plain(429)],
    ["a code", json({ code: 429 })],
  ])("as %s: waits RETRY_WAIT_MS and tries once more", async (_, limited) => {
    await using server = (await startServer())
      .on(CREDITS, limited, GOOD_CREDITS)
      .on(RUN, limited, sse({ text: "a" }));
    await using test = client(server.url);
    await test.nemo.readCredits(caller(), never());
    await collect(test.nemo.runTurn(caller(), turn, never()));
    expect(test.clock.slept).toEqual([30_000, 30_000]);
  });

  it("a second 429 is told", async () => {
    await using server = (await startServer()).on(RUN, plain(429), plain(429));
    await using test = client(server.url);
    const call = collect(test.nemo.runTurn(caller(), turn, never()));
    expect(await errorOf(call)).toMatchObject({ kind: "rate-limited", status: 429, isOutcomeUnknown: false });
  });
});

describe("reads after a connection error", () => {
  it.each([
    ["a drop", drop, "connection-lost"],
    ["500", plain(500), "unavailable"],
    ["503 as a code", json({ code: 503 }), "unavailable"],
  ])("%s: two more tries with backoff", async (_, failing, kind) => {
    await using server = (await startServer()).on(
      CREDITS,
      failing,
      failing,
      GOOD_CREDITS,
      failing,
      failing,
      failing,
    );
    await using test = client(server.url, { limits: { backoffMs: [1, 2] } });
    expect(await test.nemo.readCredits(caller(), never())).toMatchObject({ available: 1 });
    expect(await errorOf(test.nemo.readCredits(caller(), never()))).toMatchObject({ kind });
    expect(test.clock.slept).toEqual([1, 2, 1, 2]);
  });

  it("an answer that does not come is given up", async () => {
    await using server = (await startServer()).on(CREDITS, silence);
    await using test = client(server.url, { limits: { backoffMs: [], readTimeoutMs: 20 } });
    expect(await errorOf(test.nemo.readCredits(caller(), never()))).toMatchObject({
      kind: "connection-lost",
    });
  });

  it.each([
    ["body", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"],
    ["head", "HTTP/1.1 200 OK\r\nx-slow: "],
  ])("an answer whose %s comes byte by byte and never ends is given up", async (_, beginning) => {
    await using server = (await startServer()).on(CREDITS, {
      answer(_response, { socket }) {
        socket.write(beginning);
        const drip = setInterval(() => socket.write(" "), 5);
        socket.once("close", () => clearInterval(drip));
      },
    });
    const limits = { backoffMs: [], readTimeoutMs: 200, answerMs: 100 };
    await using test = client(server.url, { limits });
    expect(await errorOf(test.nemo.readCredits(caller(), never()))).toMatchObject({
      kind: "connection-lost",
    });
    await server.quiet();
  });
});

describe("what may cost is never sent twice while its outcome is unknown", () => {
  const UNKNOWN: [string, Script, string][] = [
    ["a drop before the answer", drop, "connection-lost"],
    ["500", plain(500), "unavailable"],
    ["502 with HTML", plain(502, "<html>"), "unavailable"],
    ["500 as a code", json({ code: 500 }), "unavailable"],
    [
      "an answer that is no JSON",
      { answer: (response) => response.writeHead(200, { "content-type": "application/json" }).end("<html>") },
      "bad-answer",
    ],
  ];
  it.each(UNKNOWN)("a turn after %s", async (_, script, kind) => {
    await using server = (await startServer()).on(RUN, script);
    await using test = client(server.url);
    const error = await errorOf(collect(test.nemo.runTurn(caller(), turn, never())));
    expect(error).toMatchObject({ kind, isOutcomeUnknown: true });
    expect(server.requests(RUN)).toHaveLength(1);
  });

  it.each(UNKNOWN)("a render after %s", async (_, script, kind) => {
    await using server = (await startServer()).on(RENDER, script);
    await using test = client(server.url);
    expect(await errorOf(test.nemo.submitRender(caller(), render, never()))).toMatchObject({ kind });
    expect(server.requests(RENDER)).toHaveLength(1);
  });

  it.each(UNKNOWN)("a session after %s", async (_, script, kind) => {
    await using server = (await startServer()).on(SESSION, script);
    await using test = client(server.url);
    expect(await errorOf(test.nemo.createSession(caller(), { language: "en" }, never()))).toMatchObject({
      kind,
    });
    expect(server.requests(SESSION)).toHaveLength(1);
  });

  it("a turn that breaks in the middle: what came is told, then connection-lost", async () => {
    await using server = (await startServer()).on(RUN, dropAfter({ text: "half" }));
    await using test = client(server.url);
    const told: unknown[] = [];
    const error = await errorOf(
      (async () => {
        for await (const event of test.nemo.runTurn(caller(), turn, never())) told.push(event);
      })(),
    );
    expect(told).toEqual([{ type: "text", text: "half" }]);
    expect(error).toMatchObject({ kind: "connection-lost" });
    expect(server.requests(RUN)).toHaveLength(1);
  });

  it("a token refused in the middle of a turn is a failure, not a reason to send again", async () => {
    await using server = (await startServer()).on(RUN, sse({ text: "a" }, { code: 1001 }));
    await using test = client(server.url);
    const events = await collect(test.nemo.runTurn(caller(), turn, never()));
    expect(events.map((event) => event.type)).toEqual(["text", "failure"]);
  });

  it("a turn never travels on a connection that was used before", async () => {
    await using server = (await startServer()).on(CREDITS, GOOD_CREDITS).on(RUN, sse(), sse());
    await using test = client(server.url);
    await test.nemo.readCredits(caller(), never());
    await collect(test.nemo.runTurn(caller(), turn, never()));
    await collect(test.nemo.runTurn(caller(), turn, never()));
    expect(new Set(server.seen.map((request) => request.socket)).size).toBe(3);
  });
});

describe("no connection", () => {
  it("is unreachable, not lost: even a turn is tried again", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    await using test = client(`http://127.0.0.1:${port}`, { limits: { backoffMs: [1, 2, 3] } });
    const error = await errorOf(collect(test.nemo.runTurn(caller(), turn, never())));
    expect(error).toMatchObject({ kind: "unreachable", isOutcomeUnknown: false });
    expect(test.clock.slept).toEqual([1, 2, 3]);
  });

  it("a failed handshake is unreachable too: the request was not written", async () => {
    await using server = await startServer();
    await using test = client(server.url.replace("http:", "https:"), { limits: { backoffMs: [] } });
    expect(await errorOf(test.nemo.submitRender(caller(), render, never()))).toMatchObject({
      kind: "unreachable",
    });
  });
});

describe("secrets", () => {
  it.each<[string, Script]>([
    ["a refusal that quotes the token", json({ code: 77, message: `bad ${TOKEN}` })],
    ["a body that is no JSON", plain(200, `${TOKEN} {`)],
    ["a status that quotes it", plain(403, TOKEN)],
    ["a drop", drop],
    ["fields of the wrong type", json({ data: { session_id: { token: TOKEN } } })],
  ])("are in no error: %s", async (_, script) => {
    await using server = (await startServer()).on(SESSION, script);
    await using test = client(server.url);
    const error = await errorOf(test.nemo.createSession(caller(), { language: "en" }, never()));
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("nmv_usr");
    expect(JSON.stringify(test.log.lines)).not.toContain("nmv_usr");
  });

  it("stay out of the cause when a server answers with what it was sent", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      // Not HTTP: the parser keeps the bytes in its error.
      socket.once("data", (request) => socket.end(request));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await using test = client(`http://127.0.0.1:${port}`);
    const error = await errorOf(test.nemo.createSession(caller(), { language: "en" }, never()));
    await new Promise((resolve) => server.close(resolve));
    expect(error).toMatchObject({ kind: "connection-lost", cause: { name: "HTTPParserError" } });
    expect(Object.keys(error.cause as Error).toSorted()).toEqual(["code", "name"]);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("nmv_usr");
  });

  it("stay out of the cause when a file's source quotes them", async () => {
    const thrown = Object.assign(new Error(`no such file ${TOKEN}`), { data: TOKEN, code: "ENOENT" });
    await using server = (await startServer()).on("POST /api/upload-video/nemo_agent/me/s1");
    await using test = client(server.url);
    const file = {
      name: "a",
      mimeType: "video/mp4",
      sizeBytes: 3,
      open: () => Promise.reject(thrown),
    };
    const error = await errorOf(test.nemo.uploadFiles(caller(), { sessionId: "s1", files: [file] }, never()));
    expect(error.cause).toMatchObject({ name: "Error", code: "ENOENT", message: "no such file …" });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("nmv_usr");
  });

  it("a token that no header can carry is refused unsent and unquoted", async () => {
    await using server = await startServer();
    await using test = client(server.url);
    const who = caller({ owner: "operator", token: "nmv_usr_a\nb" });
    const error = await errorOf(test.nemo.readCredits(who, never()));
    expect(error.kind).toBe("bad-token");
    expect(inspect(error, { depth: 10 })).not.toContain("nmv_usr");
  });
});
