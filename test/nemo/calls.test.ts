import { describe, expect, it } from "vitest";
import type { BackendCaller } from "../../src/core/ports/video-backend.ts";
import type { NemoClient } from "../../src/nemo/client.ts";
import { caller, client, FREE_TOKEN_ROUTE, never, TOKEN, tokenAnswerOf } from "./support/caller.ts";
import { collect } from "./support/collect.ts";
import { json, plain, type Script, sse, startServer } from "./support/scripted-server.ts";

const SESSION = { sessionId: "s:1", taskId: "t1", userId: "anon_1" };
const STATE_ROUTE = "GET /api/state/nemo_agent/me/s%3A1/latest";
const UPLOAD_ROUTE = "POST /api/upload-video/nemo_agent/me/s%3A1";
const RENDER_ROUTE = "POST /api/render/proxy/lambda";

type Call = (nemo: NemoClient, who: BackendCaller) => Promise<unknown>;
const CALLS: [string, string, Script, Call][] = [
  [
    "create session",
    "POST /api/tasks/me/with-session/nemo_agent",
    json({ code: 0, data: { session_id: "s1" } }),
    (nemo, who) => nemo.createSession(who, { language: "en" }, never()),
  ],
  [
    "run turn",
    "POST /run_sse",
    sse(),
    (nemo, who) => collect(nemo.runTurn(who, { sessionId: "s:1", text: "hi" }, never())),
  ],
  [
    "upload files",
    UPLOAD_ROUTE,
    json({ code: 0, data: { files: [{ filename: "a.mp4" }] } }),
    (nemo, who) => nemo.uploadFiles(who, { sessionId: "s:1", files: [] }, never()),
  ],
  [
    "upload by URL",
    UPLOAD_ROUTE,
    json({ code: 0, data: { files: [{ filename: "a.mp4" }] } }),
    (nemo, who) => nemo.uploadUrls(who, { sessionId: "s:1", urls: ["https://cdn.example/a.mp4"] }, never()),
  ],
  [
    "read credits",
    "GET /api/credits/balance/simple",
    json({ code: 0, data: { available: 1 } }),
    (nemo, who) => nemo.readCredits(who, never()),
  ],
  [
    "read state",
    STATE_ROUTE,
    json({ code: 0, data: { state: {} } }),
    (nemo, who) => nemo.readState(who, "s:1", never()),
  ],
  [
    "submit render",
    RENDER_ROUTE,
    json({ id: "r1", status: "pending" }),
    (nemo, who) =>
      nemo.submitRender(who, { renderId: "r1", sessionId: "s:1", draft: { t: [] }, files: [] }, never()),
  ],
  [
    "read render",
    "GET /api/render/proxy/lambda/r1",
    json({ status: "pending" }),
    (nemo, who) => nemo.readRender(who, "r1", never()),
  ],
  [
    "cancel render",
    "POST /api/render/proxy/lambda/r1/cancel",
    plain(200),
    (nemo, who) => nemo.cancelRender(who, "r1", never()),
  ],
  [
    "open render",
    "GET /api/render/proxy/r1/download",
    plain(200, "\0\0\0\x14ftypisom\0\0\x02\0mp41"),
    (nemo, who) => nemo.openRender(who, "r1", never()),
  ],
  [
    "create claim link",
    "POST /api/auth/claim-token",
    json({ code: 0, data: { claim_token: "clm_1" } }),
    (nemo, who) => nemo.createClaimLink(who, SESSION, never()),
  ],
];

describe("every request", () => {
  it.each(CALLS)("%s carries bearer and attribution", async (_, route, script, call) => {
    await using server = (await startServer()).on(route, script);
    await using test = client(server.url);
    await call(test.nemo, caller());
    expect(server.requests(route)[0]?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "x-skill-source": "film-maker",
      "x-skill-version": "1.2.0",
      "x-skill-platform": "clawhub",
    });
  });

  it("the free-token call carries attribution and client id, but no bearer and no body", async () => {
    await using server = (await startServer()).on(FREE_TOKEN_ROUTE, json(tokenAnswerOf("nmv_usr_x")));
    await using test = client(server.url);
    const who = caller({ token: null, userId: null });
    await test.nemo.signIn(who, never());
    const request = server.requests(FREE_TOKEN_ROUTE)[0];
    expect(request?.headers).toMatchObject({
      "x-skill-source": "film-maker",
      "x-client-id": who.account.clientId,
    });
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.body).toHaveLength(0);
  });

  it("attribution is read each time, and written so that a header can hold it", async () => {
    await using server = (await startServer()).on(
      STATE_ROUTE,
      json({ data: { state: {} } }),
      json({ data: { state: {} } }),
    );
    await using test = client(server.url);
    const who = { ...caller(), skill: { name: "a", version: "1", platform: "x" } };
    await test.nemo.readState(who, "s:1", never());
    who.skill = { name: "фильм ok", version: "2", platform: "y" };
    await test.nemo.readState(who, "s:1", never());
    expect(server.seen.map((request) => request.headers["x-skill-source"])).toEqual([
      "a",
      "%D1%84%D0%B8%D0%BB%D1%8C%D0%BC ok",
    ]);
  });
});

describe("request bodies", () => {
  it.each<[string, string, Script, Call, object]>([
    [
      "create session",
      "POST /api/tasks/me/with-session/nemo_agent",
      json({ session_id: "s1" }),
      (nemo, who) => nemo.createSession(who, { language: "de" }, never()),
      { task_name: "project", language: "de" },
    ],
    [
      "run turn",
      "POST /run_sse",
      sse(),
      (nemo, who) => collect(nemo.runTurn(who, { sessionId: "s1", text: "add 🎵" }, never())),
      {
        app_name: "nemo_agent",
        user_id: "me",
        session_id: "s1",
        new_message: { parts: [{ text: "add 🎵" }] },
      },
    ],
    [
      "upload by URL",
      UPLOAD_ROUTE,
      json({ code: 0, data: {} }),
      (nemo, who) => nemo.uploadUrls(who, { sessionId: "s:1", urls: ["https://a/b"] }, never()),
      { urls: ["https://a/b"], source_type: "url" },
    ],
    [
      "submit render",
      RENDER_ROUTE,
      json({ status: "pending" }),
      (nemo, who) =>
        nemo.submitRender(
          who,
          { renderId: "r1", sessionId: "s1", draft: { t: [1], zz: 2 }, files: [] },
          never(),
        ),
      { id: "r1", sessionId: "s1", draft: { t: [1], zz: 2 }, output: { format: "mp4", quality: "high" } },
    ],
    [
      "create claim link",
      "POST /api/auth/claim-token",
      json({ data: { claim_token: "clm_1" } }),
      (nemo, who) => nemo.createClaimLink(who, SESSION, never()),
      { task_id: "t1", session_id: "s:1" },
    ],
  ])("%s", async (_, route, script, call, body) => {
    await using server = (await startServer()).on(route, script);
    await using test = client(server.url);
    await call(test.nemo, caller());
    const request = server.requests(route)[0];
    expect(JSON.parse(String(request?.body))).toEqual(body);
    expect(request?.headers["content-type"]).toBe("application/json");
  });

  it("asks for an event stream", async () => {
    await using server = (await startServer()).on("POST /run_sse", sse());
    await using test = client(server.url);
    await collect(test.nemo.runTurn(caller(), { sessionId: "s1", text: "hi" }, never()));
    expect(server.seen[0]?.headers.accept).toBe("text/event-stream");
  });
});

/** Runs one call against one answer. */
async function answerOf<T>(route: string, body: unknown, call: (nemo: NemoClient) => Promise<T>): Promise<T> {
  await using server = (await startServer()).on(route, json(body));
  await using test = client(server.url);
  return await call(test.nemo);
}

describe("answers of a session", () => {
  it.each([
    ["inside data", { code: 0, data: { session_id: "s1", task_id: "t1", user_id: "anon_1" } }],
    [
      "success instead of a code",
      { success: true, data: { session_id: "s1", task_id: "t1", user_id: "anon_1" } },
    ],
    ["at the top", { session_id: "s1", task_id: "t1", user_id: "anon_1" }],
    ["in both places", { code: 0, session_id: "s1", data: { task_id: "t1", user_id: "anon_1" } }],
  ])("%s", async (_, body) => {
    const session = await answerOf("POST /api/tasks/me/with-session/nemo_agent", body, (nemo) =>
      nemo.createSession(caller(), { language: "en" }, never()),
    );
    expect(session).toEqual({ sessionId: "s1", taskId: "t1", userId: "anon_1" });
  });

  it("may leave out task and user", async () => {
    const session = await answerOf(
      "POST /api/tasks/me/with-session/nemo_agent",
      { data: { session_id: 7 } },
      (nemo) => nemo.createSession(caller(), { language: "en" }, never()),
    );
    expect(session).toEqual({ sessionId: "7", taskId: null, userId: null });
  });
});

describe("answers of credits", () => {
  it.each([
    ["numbers", { code: 0, data: { available: 90, frozen: 10, total: 100 } }, [90, 10, 100]],
    [
      "numeric strings",
      { code: 0, data: { available: "90", frozen: "10.5", total: "100.5" } },
      [90, 10.5, 100.5],
    ],
    ["no total", { success: true, data: { available: 90, frozen: 10 } }, [90, 10, 100]],
    ["available alone", { available: 90 }, [90, 0, 90]],
  ])("%s", async (_, body, [available, frozen, total]) => {
    const credits = await answerOf("GET /api/credits/balance/simple", body, (nemo) =>
      nemo.readCredits(caller(), never()),
    );
    expect(credits).toEqual({ available, frozen, total });
  });
});

describe("answers of an upload", () => {
  it("tell what came in", async () => {
    const files = [
      {
        filename: "a.mp4",
        file_type: "video",
        cdn_url: "https://x",
        duration: 9.5,
        width: 1080,
        height: 1920,
        fps: 30,
      },
      { filename: "b.mp3", file_type: "audio/mpeg", duration: "3" },
      { file_type: 4 },
    ];
    const media = await answerOf(
      UPLOAD_ROUTE,
      { code: 0, data: { files, session_state_applied: true } },
      (nemo) => nemo.uploadUrls(caller(), { sessionId: "s:1", urls: [] }, never()),
    );
    expect(media).toEqual([
      { name: "a.mp4", url: "https://x", type: "video", durationS: 9.5, width: 1080, height: 1920 },
      { name: "b.mp3", url: null, type: "audio", durationS: 3, width: null, height: null },
      { name: "", url: null, type: "other", durationS: null, width: null, height: null },
    ]);
  });
});

describe("an upload that was not taken", () => {
  const upload = (body: unknown) =>
    answerOf(UPLOAD_ROUTE, body, (nemo) =>
      nemo.uploadUrls(caller(), { sessionId: "s:1", urls: [] }, never()),
    );

  it.each<[string, object, string]>([
    ["an empty list", { files: [] }, "refused"],
    ["one with an error", { files: [{ filename: "a.mp4", error: "no" }] }, "refused"],
    ["one with an error in JSON", { files: [{ error: { message: "no" } }] }, "refused"],
    ["one that failed", { files: [{ filename: "a.mp4", status: "failed" }] }, "refused"],
    ["one in error", { files: [{ status: "ERROR" }] }, "refused"],
    ["one without success", { files: [{ success: false }] }, "refused"],
    ["one of several that failed", { files: [{ filename: "a.mp4" }, { error: "no" }] }, "refused"],
    ["words of the format", { files: [{ error: "Unsupported format: .exe" }] }, "unsupported-file"],
    ["words of the size", { files: [{ status: "failed", message: "file is too large" }] }, "too-large"],
    ["a code of the format", { files: [{ status: "failed", code: 4001 }] }, "unsupported-file"],
    ["a code of the size in the error", { files: [{ error: { code: "4002" } }] }, "too-large"],
    ["an error that is a code", { files: [{ error: 4002 }] }, "too-large"],
    ["an empty list with words", { files: [], message: "unsupported file type" }, "unsupported-file"],
  ])("%s is a refusal", async (_, data, kind) => {
    await expect(upload({ code: 0, data })).rejects.toMatchObject({ kind, isOutcomeUnknown: false });
    await expect(
      answerOf(UPLOAD_ROUTE, { code: 0, data }, (nemo) =>
        nemo.uploadFiles(caller(), { sessionId: "s:1", files: [] }, never()),
      ),
    ).rejects.toMatchObject({ kind });
  });

  it.each<[string, object]>([
    ["no list", { session_state_applied: true }],
    ["null for a list", { files: null }],
  ])("is not what %s means", async (_, data) => {
    expect(await upload({ code: 0, data })).toEqual([]);
  });

  it("is not what an error of null or an unknown entry means", async () => {
    const files = [{ filename: "a.mp4", error: null, status: "ok" }, { error: "" }, null, "b.mp4"];
    expect(await upload({ code: 0, data: { files } })).toHaveLength(4);
  });
});

describe("ids", () => {
  const BAD_IDS: [string, string][] = [
    ["two dots", ".."],
    ["a dot", "."],
    ["a slash", "a/../b"],
    ["a backslash", "a\\b"],
    ["a query", "a?x=1"],
    ["a fragment", "a#b"],
    ["an escape", "%2e%2e"],
    ["a space", "a b"],
    ["a line break", "a\nb"],
    ["a zero-width character", "a\u200bb"],
    ["a lone surrogate", "a\ud800"],
    ["more than 200 characters", "x".repeat(201)],
  ];

  it.each(BAD_IDS)("of a session with %s are refused", async (_, sessionId) => {
    const open = (data: object) =>
      answerOf("POST /api/tasks/me/with-session/nemo_agent", { code: 0, data }, (nemo) =>
        nemo.createSession(caller(), { language: "en" }, never()),
      );
    await expect(open({ session_id: sessionId })).rejects.toMatchObject({ kind: "bad-answer" });
    await expect(open({ session_id: "s1", task_id: sessionId })).rejects.toMatchObject({
      kind: "bad-answer",
    });
  });

  it.each(BAD_IDS)("of a render with %s are refused", async (_, id) => {
    await expect(
      answerOf(RENDER_ROUTE, { id, status: "pending" }, (nemo) =>
        nemo.submitRender(caller(), { renderId: "r1", sessionId: "s1", draft: {}, files: [] }, never()),
      ),
    ).rejects.toMatchObject({ kind: "bad-answer" });
  });

  it.each([...BAD_IDS, ["nothing", ""]])("with %s reach no path", async (_, id) => {
    await using server = await startServer();
    await using test = client(server.url);
    const { nemo } = test;
    const calls = [
      nemo.readState(caller(), id, never()),
      nemo.uploadFiles(caller(), { sessionId: id, files: [] }, never()),
      nemo.uploadUrls(caller(), { sessionId: id, urls: [] }, never()),
      nemo.readRender(caller(), id, never()),
      nemo.cancelRender(caller(), id, never()),
      nemo.openRender(caller(), id, never()),
    ];
    for (const end of await Promise.allSettled(calls)) {
      expect(end).toMatchObject({ status: "rejected", reason: { kind: "bad-answer" } });
    }
    expect(server.seen).toEqual([]);
  });

  it.each(["s1", "render_0b4e-4d.x~y", "会话:1", "x".repeat(200), "...", "🎬"])(
    "such as %s are taken",
    async (id) => {
      const session = await answerOf(
        "POST /api/tasks/me/with-session/nemo_agent",
        { session_id: id, task_id: "", user_id: "anon_\ud800" },
        (nemo) => nemo.createSession(caller(), { language: "en" }, never()),
      );
      // The user's id goes into a link, and is made fit for it.
      expect(session).toEqual({ sessionId: id, taskId: null, userId: "anon_\ufffd" });
      const route = `GET /api/state/nemo_agent/me/${encodeURIComponent(id)}/latest`;
      await answerOf(route, { data: { state: {} } }, (nemo) => nemo.readState(caller(), id, never()));
    },
  );
});

describe("numbers that make no sense", () => {
  it("count as unknown in a render", async () => {
    const body = (value: string) =>
      `{"status":"completed","progress":${value},"output":{"duration":${value},"size":${value},"width":${value},"height":${value}}}`;
    for (const value of ["1e999", "-1e999", '"NaN"', `"${"9".repeat(400)}"`, "-1", '"-7.5"']) {
      await using server = (await startServer()).on(
        "GET /api/render/proxy/lambda/r1",
        plain(200, body(value)),
      );
      await using test = client(server.url);
      expect(await test.nemo.readRender(caller(), "r1", never()), value).toMatchObject({
        durationS: null,
        sizeBytes: null,
        width: null,
        height: null,
        progress: value === "-1" || value === '"-7.5"' ? 0 : null,
      });
    }
  });

  it.each([
    [{ duration: 1_000_001 }, { durationS: null }],
    [{ duration: 1_000_000 }, { durationS: 1_000_000 }],
    [{ size: 1e300 }, { sizeBytes: null }],
    [
      { width: 0, height: 1e9 },
      { width: null, height: null },
    ],
  ])("%j is %j", async (output, want) => {
    const render = await answerOf(
      "GET /api/render/proxy/lambda/r1",
      { status: "completed", output },
      (nemo) => nemo.readRender(caller(), "r1", never()),
    );
    expect(render).toMatchObject(want);
  });

  it("count as unknown in an upload", async () => {
    const files = [{ filename: "a.mp4", duration: -1, width: -5, height: 1e7 }];
    const media = await answerOf(UPLOAD_ROUTE, { code: 0, data: { files } }, (nemo) =>
      nemo.uploadUrls(caller(), { sessionId: "s:1", urls: [] }, never()),
    );
    expect(media).toEqual([
      { name: "a.mp4", url: null, type: "other", durationS: null, width: null, height: null },
    ]);
  });

  it("are no debts in the credits", async () => {
    const credits = await answerOf(
      "GET /api/credits/balance/simple",
      { data: { available: -3, frozen: "-1", total: -4 } },
      (nemo) => nemo.readCredits(caller(), never()),
    );
    expect(credits).toEqual({ available: 0, frozen: 0, total: 0 });
  });
});

describe("a render's address that holds an account's token", () => {
  it.each([
    `https://cdn.example/x.mp4?token=${TOKEN}`,
    "https://cdn.example/NMV_usr_x/x.mp4",
    "https://cdn.example/x.mp4?t=nmv%5Fusr_x",
  ])("%s counts as missing", async (url) => {
    for (const output of [{ output: { url } }, { outputUrl: url }, { output: url }]) {
      const render = await answerOf(
        "GET /api/render/proxy/lambda/r1",
        { status: "completed", ...output },
        (nemo) => nemo.readRender(caller(), "r1", never()),
      );
      expect(render).toMatchObject({ phase: "completed", url: null });
    }
  });
});

describe("answers of a render", () => {
  const NOTHING = { url: null, durationS: null, sizeBytes: null, width: null, height: null };
  const FILE = { url: "https://cdn.example/x.mp4", durationS: 12.5, sizeBytes: 99 };
  it.each([
    [
      "dialect A, pending",
      { taskId: "own", status: "pending", progress: 0 },
      { ...NOTHING, renderId: "own", phase: "pending", progress: 0 },
    ],
    [
      "dialect A, no id",
      { status: "processing" },
      { ...NOTHING, renderId: "r1", phase: "processing", progress: null },
    ],
    [
      "dialect A, completed",
      {
        id: "r1",
        status: "completed",
        progress: 100,
        output: { url: "https://cdn.example/x.mp4", duration: 12.5, size: 99 },
      },
      { ...NOTHING, ...FILE, renderId: "r1", phase: "completed", progress: 100 },
    ],
    [
      "dialect B, pending",
      { success: true, data: { id: "own", status: "pending", progress: 5 } },
      { ...NOTHING, renderId: "own", phase: "pending", progress: 5 },
    ],
    [
      "dialect B, completed",
      {
        success: true,
        data: { id: "r1", status: "completed", progress: 100, outputUrl: "https://cdn.example/x.mp4" },
      },
      { ...NOTHING, url: "https://cdn.example/x.mp4", renderId: "r1", phase: "completed", progress: 100 },
    ],
    [
      "the envelope around dialect A",
      {
        code: 0,
        data: {
          id: "r1",
          status: "completed",
          output: { url: "https://cdn.example/x.mp4", duration: "12.5", size: "99" },
        },
      },
      { ...NOTHING, ...FILE, renderId: "r1", phase: "completed", progress: null },
    ],
    [
      "dialect A, failed",
      { id: "r1", status: "failed", error: "out of memory" },
      { ...NOTHING, renderId: "r1", phase: "failed", progress: null },
    ],
    [
      "dialect B, failed",
      { success: false, data: { id: "r1", status: "failed", error: "x" } },
      { ...NOTHING, renderId: "r1", phase: "failed", progress: null },
    ],
    [
      "a URL that is not http(s)",
      { status: "completed", output: { url: "javascript:alert(1)" } },
      { ...NOTHING, renderId: "r1", phase: "completed", progress: null },
    ],
    [
      "a URL that is not https",
      { status: "completed", output: { url: "http://cdn.example/x.mp4" } },
      { ...NOTHING, renderId: "r1", phase: "completed", progress: null },
    ],
    [
      "a URL inside of our network, and another one",
      { status: "done", output: { url: "https://10.0.0.1/x.mp4" }, outputUrl: FILE.url },
      { ...NOTHING, url: FILE.url, renderId: "r1", phase: "completed", progress: null },
    ],
    [
      "an unknown status beside a URL inside of our network",
      { status: "whatever", output: { url: "https://metadata.google.internal/x.mp4" } },
      { ...NOTHING, renderId: "r1", phase: "completed", progress: null },
    ],
    [
      "an output of nonsense",
      { status: "completed", progress: 400, output: 7, outputUrl: 5 },
      { ...NOTHING, renderId: "r1", phase: "completed", progress: 100 },
    ],
  ])("%s", async (_, body, want) => {
    const status = await answerOf("GET /api/render/proxy/lambda/r1", body, (nemo) =>
      nemo.readRender(caller(), "r1", never()),
    );
    expect(status).toEqual(want);
    const submitted = await answerOf(RENDER_ROUTE, body, (nemo) =>
      nemo.submitRender(caller(), { renderId: "r1", sessionId: "s1", draft: {}, files: [] }, never()),
    );
    expect(submitted).toEqual(want);
  });

  it.each([
    ["queued", "pending"],
    ["RENDERING", "processing"],
    ["in_progress", "processing"],
    ["complete", "completed"],
    ["succeeded", "completed"],
    ["error", "failed"],
    ["cancelled", "failed"],
    ["whatever", "processing"],
  ])("status %s is %s", async (status, phase) => {
    const render = await answerOf("GET /api/render/proxy/lambda/r1", { status }, (nemo) =>
      nemo.readRender(caller(), "r1", never()),
    );
    expect(render.phase).toBe(phase);
  });
});

describe("the claim link", () => {
  it("is an address of the web side with the claim token", async () => {
    const link = await answerOf(
      "POST /api/auth/claim-token",
      { code: 0, data: { claim_token: "clm_a&b" } },
      (nemo) => nemo.createClaimLink(caller(), SESSION, never()),
    );
    expect(link).toBe("https://web.example/workspace/claim?ct=clm_a%26b");
  });

  it("never holds an account's token", async () => {
    await expect(
      answerOf("POST /api/auth/claim-token", { data: { claim_token: TOKEN } }, (nemo) =>
        nemo.createClaimLink(caller(), SESSION, never()),
      ),
    ).rejects.toMatchObject({ kind: "bad-answer" });
  });
});

describe("the state", () => {
  it("gives timeline and draft", async () => {
    const draft = { t: [{ tt: 0, sg: [{ d: 1000, m: { title: "a" } }] }] };
    const state = await answerOf(
      STATE_ROUTE,
      { code: 0, data: { session_id: "s:1", state: { draft } } },
      (nemo) => nemo.readState(caller(), "s:1", never()),
    );
    expect(state.draft).toEqual(draft);
    expect(state.timeline.tracks).toHaveLength(1);
  });

  it.each([
    ["no state at all", { code: 0, data: {} }],
    ["a state of text", { code: 0, data: { state: "x" } }],
  ])("%s does not pass for an empty project", async (_, body) => {
    await expect(
      answerOf(STATE_ROUTE, body, (nemo) => nemo.readState(caller(), "s:1", never())),
    ).rejects.toMatchObject({
      kind: "bad-answer",
    });
  });
});

describe("a state that is too much to read", () => {
  const ROUTE = "GET /api/state/nemo_agent/me/s1/latest";
  const state = (draft: unknown) => JSON.stringify({ code: 0, data: { state: { draft } } });
  const segments = (count: number) => ({
    t: [{ tt: 0, sg: Array.from({ length: count }, (_, s) => ({ s, d: 1, m: { title: "same" } })) }],
  });
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

  it.each([
    ["31 MB of segments", state(segments(850_000))],
    ["more than 4 MB in one text", state({ t: [], x: "x".repeat(4 * 1024 * 1024) })],
    ["a million empty lists", state({ t: [], x: Array(900_000).fill([]) })],
    [
      "a hundred thousand keys",
      state(Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`k${i}`, 0]))),
    ],
    ["lists within lists", `{"data":{"state":{"draft":{"t":${nested(100_000)}}}}}`],
  ])("is told as an answer that makes no sense: %s", async (_, body) => {
    await using server = (await startServer()).on(ROUTE, plain(200, body));
    await using test = client(server.url);
    await expect(test.nemo.readState(caller(), "s1", never())).rejects.toMatchObject({ kind: "bad-answer" });
  });

  it("is not read on when its length says so", async () => {
    const length = String(31 * 1024 * 1024);
    await using server = (await startServer()).on(ROUTE, {
      // Never ended.
      answer: (response) => response.writeHead(200, { "content-length": length }).write("{"),
    });
    await using test = client(server.url);
    await expect(test.nemo.readState(caller(), "s1", never())).rejects.toMatchObject({ kind: "bad-answer" });
    await server.quiet();
  });

  it("is read as far as it is shown when it is just not too much", async () => {
    const body = state(segments(100_000));
    expect(body.length).toBeGreaterThan(3 * 1024 * 1024);
    await using server = (await startServer()).on(ROUTE, plain(200, body));
    await using test = client(server.url);
    const { timeline } = await test.nemo.readState(caller(), "s1", never());
    expect(timeline.tracks.map((track) => track.segments.length)).toEqual([1_000]);
  });
});
