import { describe, expect, it } from "vitest";
import { call, person, sandboxFor, turnBody } from "../client.ts";

describe("a session", () => {
  it.each([
    ["without a task name", { language: "en" }],
    ["with a language that is none", { task_name: "project", language: "<lang>" }],
    ["with an unknown field", { task_name: "project", lang: "en" }],
  ])("is not created %s", async (_, body) => {
    const someone = await person(await sandboxFor());
    expect((await someone.post("/api/tasks/me/with-session/nemo_agent", body)).status).toBe(400);
  });

  it("is created without a language", async () => {
    const someone = await person(await sandboxFor());
    const answer = await someone.post("/api/tasks/me/with-session/nemo_agent", { task_name: "project" });
    expect(answer.json).toMatchObject({ code: 0, data: { session_id: expect.any(String) } });
  });

  it("answers 1002 when it is unknown, lost, or another account's", async () => {
    const sandbox = await sandboxFor();
    const [one, other] = [await person(sandbox), await person(sandbox)];
    const path = `/api/state/nemo_agent/me/${one.sessionId}/latest`;
    expect((await one.get("/api/state/nemo_agent/me/nothing/latest")).json).toMatchObject({ code: 1002 });
    expect((await other.get(path)).json).toMatchObject({ code: 1002 });
    expect((await one.get(path)).json).toMatchObject({ code: 0 });
    sandbox.command("lose");
    expect((await one.get(path)).json).toMatchObject({ code: 1002 });
  });

  it("can be claimed by a link that shows the project", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox);
    const { json } = await someone.post("/api/auth/claim-token", {
      task_id: someone.taskId,
      session_id: someone.sessionId,
    });
    expect(json).toMatchObject({
      data: { claim_token: expect.stringMatching(/^clm_/), expires_in: 604_800 },
    });
    const link = `${sandbox.webUrl}/workspace/claim?ct=${json.data?.claim_token}`;
    expect((await call(link)).text).toContain("project");
    expect((await call(`${sandbox.webUrl}/workspace/claim?ct=clm_no`)).status).toBe(404);
  });
});

describe("a turn's request", () => {
  it.each<[string, (body: Record<string, unknown>) => object]>([
    ["another app", (body) => ({ ...body, app_name: "other" })],
    ["another user", (body) => ({ ...body, user_id: "you" })],
    ["no session", ({ session_id: _, ...body }) => body],
    ["sessionId in camelCase", ({ session_id, ...body }) => ({ ...body, sessionId: session_id })],
    ["no parts", (body) => ({ ...body, new_message: { parts: [] } })],
    ["an empty text", (body) => ({ ...body, new_message: { parts: [{ text: " " }] } })],
  ])("is refused with 400 for %s", async (_, change) => {
    const someone = await person(await sandboxFor());
    const body = change(turnBody(someone.sessionId, "hello"));
    const answer = await someone.post("/run_sse", body, { accept: "text/event-stream" });
    expect(answer.status).toBe(400);
  });

  it("is refused with 400 unless it accepts an event stream", async () => {
    const someone = await person(await sandboxFor());
    const answer = await someone.post("/run_sse", turnBody(someone.sessionId, "hello"), {
      accept: "application/json",
    });
    expect(answer.status).toBe(400);
  });

  it("is refused with 409 while another turn of the session runs", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "turn", do: { kind: "hold", name: "first" } });
    const first = someone.turn("trim to 5 seconds");
    await sandbox.scenario.held("first");
    expect((await someone.turn("mute")).status).toBe(409);
    sandbox.scenario.release("first");
    expect((await first).status).toBe(200);
    expect((await someone.turn("mute")).status).toBe(200);
  });

  it("is cancelled when the client hangs up", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "turn", do: { kind: "hold", name: "open" } });
    const hangUp = new AbortController();
    const turn = fetch(`${sandbox.url}/run_sse`, {
      method: "POST",
      headers: { ...someone.headers, "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify(turnBody(someone.sessionId, "trim to 5 seconds")),
      signal: hangUp.signal,
    });
    await sandbox.scenario.held("open");
    await turn;
    hangUp.abort();
    await expect.poll(async () => (await someone.credits()).frozen).toBe(0);
    sandbox.scenario.release("open");
    expect(await someone.tracks()).toEqual(["0: clip 0-10000"]);
  });
});

describe("paths and methods", () => {
  it("that the backend does not have answer 404 and 405", async () => {
    const someone = await person(await sandboxFor());
    expect((await someone.get("/api/nothing")).status).toBe(404);
    expect((await someone.get("/run_sse")).status).toBe(405);
  });
});

describe("received requests", () => {
  it("are kept with headers and bodies, and found by method and path", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox);
    await someone.turn("hello");
    const [turn, ...rest] = sandbox.requests("POST /run_sse");
    expect(rest).toEqual([]);
    expect(turn).toMatchObject({
      method: "POST",
      path: "/run_sse",
      headers: { "x-skill-source": "film-maker" },
      json: { session_id: someone.sessionId },
      status: 200,
    });
    expect(sandbox.requests("/api/auth")).toHaveLength(1);
  });
});
