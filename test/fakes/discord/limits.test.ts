import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import { rest, SILENT } from "./rest-client.ts";

let fake: FakeDiscord;
let path: string;

const start = async (options: Parameters<typeof startFakeDiscord>[0] = {}) => {
  fake = await startFakeDiscord(options);
  path = `/channels/${fake.guild().textChannel().id}/messages`;
};
const send = () => rest(fake, "POST", path, { content: "x", ...SILENT });

beforeEach(() => start());
afterEach(() => fake.stop());

describe("a flood", () => {
  it("answers 429 with header, body and scope", async () => {
    fake.flood({ routes: "POST /channels/:channel/messages", times: 1, retryAfterS: 0.25 });
    const { status, body, headers } = await send();
    expect(status).toBe(429);
    expect(body).toEqual({ message: "You are being rate limited.", retry_after: 0.25, global: false });
    expect(headers.get("retry-after")).toBe("1");
    expect(headers.get("x-ratelimit-scope")).toBe("user");
    expect(fake.channel(path.split("/")[2] ?? "")?.messages()).toEqual([]);
  });

  it("can be global, or carry a code", async () => {
    fake.flood({ times: 1, retryAfterS: 0.01, isGlobal: true });
    const global = await send();
    expect(global.body.global).toBe(true);
    expect(global.headers.get("x-ratelimit-global")).toBe("true");
    fake.flood({ times: 1, retryAfterS: 0.01, scope: "shared", code: 20028 });
    expect((await send()).body).toMatchObject({
      code: 20028,
      message: "The resource is being rate limited.",
    });
    expect(fake.invalidRequests()).toBe(1);
  });

  it("notes who comes back too early", async () => {
    fake.flood({ times: 1, retryAfterS: 5 });
    await send();
    await send();
    expect(fake.violations("rate-limit-ignored")).toHaveLength(1);
  });
});

describe("buckets", () => {
  it("let five messages through in five seconds, per channel", async () => {
    await fake.stop();
    await start({ rateLimits: true });
    const answers = [];
    for (let count = 0; count < 6; count += 1) answers.push(await send());
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(answers[4]?.headers.get("x-ratelimit-remaining")).toBe("0");
    path = `/channels/${fake.guild().textChannel().id}/messages`;
    expect((await send()).status).toBe(200);
  });
});

describe("a fault", () => {
  it("comes before the effect", async () => {
    fake.fail({ route: "POST /channels/:channel/messages", status: 502, times: 1 });
    expect((await send()).status).toBe(502);
    expect(fake.channel(path.split("/")[2] ?? "")?.messages()).toHaveLength(0);
    expect((await send()).status).toBe(200);
  });

  it("or after it, with the line cut", async () => {
    fake.fail({ route: /messages$/, status: "cut", times: 1, afterEffect: true });
    await expect(send()).rejects.toThrow();
    expect(fake.channel(path.split("/")[2] ?? "")?.messages()).toHaveLength(1);
  });
});
