import { describe, expect, it } from "vitest";
import { ATTRIBUTION, call, freeToken, person, sandboxFor } from "./client.ts";

const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

describe("a free token", () => {
  it("comes with 100 credits, an anonymous user and seven days", async () => {
    const sandbox = await sandboxFor({ now: () => Date.UTC(2026, 0, 1) });
    const answer = await call(`${sandbox.url}/api/auth/anonymous-token`, {
      method: "POST",
      headers: { ...ATTRIBUTION, "x-client-id": "one" },
    });
    expect(answer.json).toMatchObject({
      code: 0,
      data: {
        token: expect.stringMatching(/^nmv_usr_/),
        user_id: expect.stringMatching(/^anon_/),
        expires_at: "2026-01-08T00:00:00.000Z",
        credits: 100,
      },
    });
  });

  it.each([
    ["without a client id", {}],
    ["with a client id of 65 characters", { "x-client-id": "x".repeat(65) }],
  ])("is refused with 400 %s", async (_, headers) => {
    const sandbox = await sandboxFor();
    const answer = await call(`${sandbox.url}/api/auth/anonymous-token`, {
      method: "POST",
      headers: { ...ATTRIBUTION, ...headers },
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 400 });
  });

  it("is refused with 429 while the client's earlier one is valid, and renewed for the same user after", async () => {
    let now = Date.UTC(2026, 0, 1);
    const sandbox = await sandboxFor({ now: () => now });
    const ask = () =>
      call(`${sandbox.url}/api/auth/anonymous-token`, { method: "POST", headers: { "x-client-id": "one" } });
    const first = await ask();
    expect((await ask()).status).toBe(429);
    now += WEEK_MS;
    const second = await ask();
    expect(second.status).toBe(200);
    expect(second.json.data?.user_id).toBe(first.json.data?.user_id);
    expect(second.json.data?.token).not.toBe(first.json.data?.token);
  });

  it("is refused with 429 beyond the address's hourly limit", async () => {
    const sandbox = await sandboxFor({ ipLimitPerHour: 2 });
    await freeToken(sandbox);
    await freeToken(sandbox);
    const answer = await call(`${sandbox.url}/api/auth/anonymous-token`, {
      method: "POST",
      headers: { "x-client-id": "third" },
    });
    expect(answer.status).toBe(429);
  });

  it("answers 1001 when it is expired, unknown or missing", async () => {
    let now = Date.UTC(2026, 0, 1);
    const sandbox = await sandboxFor({ now: () => now });
    const someone = await person(sandbox);
    now += WEEK_MS;
    expect((await someone.get("/api/credits/balance/simple")).json).toMatchObject({ code: 1001 });
    const stranger = await call(`${sandbox.url}/api/credits/balance/simple`, {
      headers: { authorization: "Bearer nmv_usr_made_up" },
    });
    expect(stranger.json).toMatchObject({ code: 1001 });
    expect((await call(`${sandbox.url}/api/credits/balance/simple`)).json).toMatchObject({ code: 1001 });
  });
});

describe("a registered token", () => {
  it("works at once and never expires", async () => {
    const sandbox = await sandboxFor({ registeredTokens: ["secret"] });
    sandbox.command("expire");
    const someone = await person(sandbox, { token: "secret" });
    expect(await someone.credits()).toEqual({ available: 100, frozen: 0, total: 100 });
  });
});

describe("credits", () => {
  it("go down by 1 for an edit and 5 for a generation; talk is free", async () => {
    const someone = await person(await sandboxFor(), { clip: true });
    await someone.turn("what can you do?");
    expect(await someone.credits()).toMatchObject({ available: 100 });
    await someone.turn("trim to 5 seconds");
    expect(await someone.credits()).toMatchObject({ available: 99 });
    await someone.turn("generate a video of a lighthouse");
    expect(await someone.credits()).toMatchObject({ available: 94 });
  });

  it("are frozen while an edit runs", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "turn", do: { kind: "hold", name: "open" } });
    const turn = someone.turn("trim to 5 seconds");
    await sandbox.scenario.held("open");
    expect(await someone.credits()).toEqual({ available: 99, frozen: 1, total: 100 });
    sandbox.scenario.release("open");
    await turn;
    expect(await someone.credits()).toEqual({ available: 99, frozen: 0, total: 99 });
  });

  it("answer 2001 when there are none, until the person registers", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.command("credits 0");
    expect((await someone.turn("trim to 5 seconds")).json).toMatchObject({ code: 2001 });
    sandbox.command("credits 100");
    const answer = await someone.get(`/api/state/nemo_agent/me/${someone.sessionId}/latest`);
    const page = `${sandbox.webUrl}/register?bind=${answer.json.data?.user_id}`;
    expect((await call(page)).text).toContain("anon_");
    expect((await call(page, { method: "POST" })).status).toBe(200);
    expect((await someone.turn("trim to 5 seconds")).status).toBe(200);
  });
});
