import { describe, expect, it } from "vitest";
import { runSandbox } from "../../src/sandbox/main.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Scenario, ScenarioTarget } from "../../src/sandbox/scenario.ts";
import { type Answered, ATTRIBUTION, call, type Person, person, sandboxFor } from "./client.ts";

/** A sound request to each endpoint. */
const REQUESTS: Record<Exclude<ScenarioTarget, "file">, (someone: Person) => Promise<Answered>> = {
  token: ({ sandbox }) =>
    call(`${sandbox.url}/api/auth/anonymous-token`, {
      method: "POST",
      headers: { ...ATTRIBUTION, "x-client-id": crypto.randomUUID() },
    }),
  session: (someone) => someone.post("/api/tasks/me/with-session/nemo_agent", { task_name: "project" }),
  turn: (someone) => someone.turn("hello"),
  upload: (someone) => someone.upload([{ name: "a.mp4", bytes: new Uint8Array(1) }]),
  credits: (someone) => someone.get("/api/credits/balance/simple"),
  state: (someone) => someone.get(`/api/state/nemo_agent/me/${someone.sessionId}/latest`),
  render: (someone) => someone.render(`render_${crypto.randomUUID()}`),
  "render-status": (someone) => someone.get("/api/render/proxy/lambda/done"),
  "render-cancel": (someone) => someone.post("/api/render/proxy/lambda/done/cancel", {}),
  download: (someone) => someone.get("/api/render/proxy/done/download"),
  claim: (someone) =>
    someone.post("/api/auth/claim-token", { task_id: someone.taskId, session_id: someone.sessionId }),
};
const TARGETS = Object.keys(REQUESTS) as (keyof typeof REQUESTS)[];

async function someoneWithRender(): Promise<Person> {
  const someone = await person(await sandboxFor(), { clip: true });
  await someone.render("done");
  await someone.renderEnd("done");
  return someone;
}

describe("a scenario", () => {
  it.each(TARGETS)("on %s serves the next sound request, and only that", async (on) => {
    const someone = await someoneWithRender();
    someone.sandbox.scenario.add({ on, do: { kind: "error", code: 2001 } });
    const hit = await REQUESTS[on](someone);
    expect(hit.status).toBe(200);
    expect(hit.json).toMatchObject({ code: 2001, message: "Insufficient credits" });
    expect((await REQUESTS[on](someone)).text).not.toContain("2001");
  });

  it.each(TARGETS)("can answer %s with a plain HTTP status", async (on) => {
    const someone = await someoneWithRender();
    const action: Scenario["do"] = {
      kind: "http",
      status: 503,
      body: "down",
      headers: { "retry-after": "1" },
    };
    someone.sandbox.scenario.add({ on, do: action });
    const hit = await REQUESTS[on](someone);
    expect([hit.status, hit.text, hit.headers.get("retry-after")]).toEqual([503, "down", "1"]);
  });

  it.each(
    TARGETS.flatMap((on) =>
      (["before-answer", "after-headers", "mid-body"] as const).map((when) => ({ on, when })),
    ),
  )("can drop the connection of $on $when", async ({ on, when }) => {
    const someone = await someoneWithRender();
    someone.sandbox.scenario.add({ on, do: { kind: "drop", when, applied: on !== "render" } });
    await expect(REQUESTS[on](someone)).rejects.toThrow();
    expect((await REQUESTS[on](someone)).status).toBe(200);
  });

  it("can cut a public file short", async () => {
    const someone = await someoneWithRender();
    const { output } = await someone.renderEnd("done");
    someone.sandbox.scenario.add({ on: "file", do: { kind: "drop", when: "mid-body" } });
    await expect(call(String(output?.url))).rejects.toThrow();
    expect((await call(String(output?.url))).status).toBe(200);
  });

  it("that says so leaves a dropped request undone", async () => {
    const someone = await person(await sandboxFor());
    const drop = (applied: boolean): Scenario => ({
      on: "upload",
      do: { kind: "drop", when: "before-answer", applied },
    });
    someone.sandbox.scenario.add(drop(false), drop(true));
    await expect(REQUESTS.upload(someone)).rejects.toThrow();
    expect(await someone.tracks()).toEqual([]);
    await expect(REQUESTS.upload(someone)).rejects.toThrow();
    expect(await someone.tracks()).toEqual(["0: a 0-10000"]);
  });

  it("waits in line, for as many requests as it says", async () => {
    const someone = await person(await sandboxFor());
    const { scenario } = someone.sandbox;
    scenario.add(
      { on: "credits", do: { kind: "http", status: 500 }, times: 2 },
      { on: "credits", do: { kind: "http", status: 502 } },
      { on: "state", do: { kind: "http", status: 504 } },
    );
    expect(scenario.waiting()).toBe(4);
    const seen: number[] = [];
    for (let index = 0; index < 4; index += 1) seen.push((await REQUESTS.credits(someone)).status);
    expect(seen).toEqual([500, 500, 502, 200]);
    expect(scenario.waiting("state")).toBe(1);
    scenario.clear();
    expect(scenario.waiting()).toBe(0);
  });

  it("is not used up by a request that is refused anyway", async () => {
    const someone = await person(await sandboxFor());
    someone.sandbox.scenario.add({ on: "turn", do: { kind: "turn", texts: ["scripted"] } });
    const { token } = someone;
    someone.token = "wrong";
    expect((await someone.turn("hello")).json).toMatchObject({ code: 1001 });
    someone.token = token;
    expect((await someone.turn("hello")).text).toContain("scripted");
  });

  it("can hold a request until it is released", async () => {
    const someone = await person(await sandboxFor());
    someone.sandbox.scenario.add({ on: "credits", do: { kind: "hold", name: "wait" } });
    const answer = REQUESTS.credits(someone);
    await someone.sandbox.scenario.held("wait");
    expect(someone.sandbox.requests("GET /api/credits")[0]).not.toHaveProperty("status");
    someone.sandbox.scenario.release("wait");
    expect((await answer).status).toBe(200);
  });

  it("that makes no sense is refused", async () => {
    const { scenario } = await sandboxFor();
    expect(() => scenario.add({ on: "credits", do: { kind: "raw", chunks: [] } })).toThrow();
    expect(() => scenario.add({ on: "turn", do: { kind: "render" } })).toThrow();
  });
});

describe("the envelope", () => {
  it.each([
    ["code", 200, { code: 1002, message: "Session not found", data: null }],
    ["success", 404, { success: false, error: "Session not found" }],
    ["http", 404, {}],
  ] as const)("%s carries an error", async (envelope, status, body) => {
    const someone = await person(await sandboxFor());
    someone.sandbox.scenario.setDialect({ envelope });
    someone.sandbox.command("lose");
    const answer = await REQUESTS.state(someone);
    expect([answer.status, answer.json]).toEqual([status, body]);
  });

  it("success carries data", async () => {
    const someone = await person(await sandboxFor());
    someone.sandbox.scenario.add({
      on: "credits",
      do: { kind: "dialect", dialects: { envelope: "success" } },
    });
    expect((await REQUESTS.credits(someone)).json).toEqual({
      success: true,
      data: { available: 100, frozen: 0, total: 100 },
    });
    expect((await REQUESTS.credits(someone)).json).toMatchObject({ code: 0 });
  });

  it("can have the session's id at top level", async () => {
    const someone = await person(await sandboxFor());
    someone.sandbox.scenario.setDialect({ session: "top-level" });
    const { json } = await REQUESTS.session(someone);
    expect(json.session_id).toEqual(expect.stringMatching(/^sess_/));
    expect(json.data).not.toHaveProperty("session_id");
  });
});

describe("a command of the console", () => {
  it.each([
    ["error 2001", "The next turn request gets error 2001."],
    ["error 4002", "The next upload request gets error 4002."],
    ["error 429 on credits", "The next credits request gets error 429."],
    ["silent", "The next edit ends without a word."],
    ["drop", "The connection breaks in the next edit, which isn't carried out."],
    ["heartbeats 5", "The next edit takes 5 seconds."],
    ["gui", "The next answer speaks of the Export button."],
    ["credits 0", "Every account has 0 credits now."],
    ["dialect typed", "I'll answer in the form sse typed from now on."],
    ["dialect render b", "I'll answer in the form render B from now on."],
    ["expire", "All free tokens have expired."],
    ["lose", "All sessions are lost."],
  ])("%s", async (line, answer) => {
    expect((await sandboxFor()).command(line)).toEqual({ text: answer, isDone: true });
  });

  it.each([["help"], ["sing"], [""], ["error"], ["error 2001 on moon"], ["dialect klingon"]])(
    "%j says what it knows",
    async (line) => {
      const sandbox = await sandboxFor();
      expect(sandbox.command(line).text).toMatch(/know|Say which/);
      expect(sandbox.command(line, "zh").text).toMatch(/可用|请说明/);
      expect(sandbox.scenario.waiting()).toBe(0);
    },
  );
});

describe("a sandbox that runs alone", () => {
  it("says where it is and takes scenarios over HTTP", async () => {
    let printed = "";
    const sandbox = await runSandbox({ port: 0, host: "127.0.0.1", print: (text) => (printed += text) });
    try {
      expect(printed).toContain(sandbox.url);
      const posted = await call(`${sandbox.url}/__sandbox/scenarios`, {
        json: [{ on: "token", do: { kind: "http", status: 429 } }],
      });
      expect(posted.json).toEqual({ waiting: 1 });
      expect((await call(`${sandbox.url}/__sandbox/scenarios`, { json: { on: "moon" } })).status).toBe(400);
      const command = await call(`${sandbox.url}/__sandbox/command`, { json: { line: "expire" } });
      expect(command.json).toEqual({ answer: "All free tokens have expired." });
      const plain = await call(`${sandbox.url}/__sandbox/command`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body: '{"line":"lose"}',
      });
      expect(plain.status).toBe(415);
    } finally {
      await sandbox.stop();
    }
  });

  it("keeps that door shut when it serves a test", async () => {
    const sandbox = await sandboxFor();
    const posted = await call(`${sandbox.url}/__sandbox/command`, { json: { line: "lose" } });
    expect(posted.status).toBe(404);
  });
});

describe("stopping", () => {
  it("is prompt, with a turn held open and a client that does not hang up", async () => {
    const sandbox = await startSandbox({ ffmpeg: null });
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "turn", do: { kind: "hold", name: "for ever" } });
    const turn = someone.turn("trim to 5 seconds");
    const ended = expect(turn).rejects.toThrow();
    await sandbox.scenario.held("for ever");
    await sandbox.stop();
    await ended;
  });
});
