import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import type { FakeUser } from "./fake-user.ts";
import { rest } from "./rest-client.ts";
import type { JsonObject } from "./wire.ts";

type Payload = { op: number; d: unknown; s: number | null; t: string | null };

/** A gateway client that does only what it is told. */
class RawClient {
  readonly payloads: Payload[] = [];
  readonly socket: WebSocket;
  readonly #fake: FakeDiscord;

  constructor(fake: FakeDiscord, url = `${fake.gateway.url}?v=10&encoding=json`) {
    this.#fake = fake;
    this.socket = new WebSocket(url);
    this.socket.on("message", (data) => {
      this.payloads.push(JSON.parse(String(data)) as Payload);
      this.socket.emit("step");
    });
    this.socket.on("close", () => this.socket.emit("step"));
  }

  async next(fits: (payload: Payload) => boolean): Promise<Payload> {
    for (;;) {
      const found = this.payloads.find(fits);
      if (found !== undefined) return found;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("the gateway closed the connection");
      await once(this.socket, "step");
    }
  }

  event(name: string): Promise<Payload> {
    return this.next((payload) => payload.t === name);
  }

  send(op: number, d: unknown): void {
    this.socket.send(JSON.stringify({ op, d }));
  }

  async identify(intents: number, more: JsonObject = {}): Promise<void> {
    await this.next((payload) => payload.op === 10);
    this.send(2, { token: this.#fake.token, intents, properties: {}, ...more });
  }

  async closed(): Promise<number> {
    if (this.socket.readyState === WebSocket.CLOSED) return 0;
    const [code] = (await once(this.socket, "close")) as [number];
    return code;
  }
}

const GUILDS = 1;
const GUILD_MESSAGES = 1 << 9;
const DIRECT_MESSAGES = 1 << 12;
const MESSAGE_CONTENT = 1 << 15;
const ALL = GUILDS | GUILD_MESSAGES | DIRECT_MESSAGES;

let fake: FakeDiscord;
let ann: FakeUser;

beforeEach(async () => {
  fake = await startFakeDiscord();
  ann = fake.user({ name: "ann" });
});

afterEach(() => fake.stop());

describe("the gateway's handshake", () => {
  it("says hello, then READY with guilds that arrive one by one", async () => {
    const guild = fake.guild({ members: [ann] });
    const channel = guild.textChannel();
    const { body } = await rest(fake, "GET", "/gateway/bot");
    expect(body).toMatchObject({
      url: fake.gateway.url,
      shards: 1,
      session_start_limit: { max_concurrency: 1 },
    });
    const client = new RawClient(fake);
    await client.identify(ALL);
    const ready = (await client.event("READY")).d as JsonObject;
    expect(ready).toMatchObject({ user: { id: fake.bot.id }, guilds: [{ id: guild.id, unavailable: true }] });
    const create = (await client.event("GUILD_CREATE")).d as JsonObject;
    expect(create).toMatchObject({ id: guild.id, channels: [{ id: channel.id }] });
  });

  it.each<[string, number, JsonObject]>([
    ["another token", 4004, { token: "nobody" }],
    ["unknown intents", 4013, { intents: 1 << 30 }],
    ["a privileged intent that is not granted", 4014, { intents: MESSAGE_CONTENT }],
    ["an impossible shard", 4010, { shard: [2, 2] }],
    ["no properties", 4002, { properties: null }],
  ])("refuses %s with %i", async (_, code, more) => {
    const client = new RawClient(fake);
    await client.identify(ALL, more);
    expect(await client.closed()).toBe(code);
  });

  it.each([
    ["another version", "?v=9&encoding=json", 4012],
    ["another encoding", "?v=10&encoding=etf", 4002],
  ])("refuses %s", async (_, query, code) => {
    expect(await new RawClient(fake, `${fake.gateway.url}${query}`).closed()).toBe(code);
  });

  it.each<[string, (client: RawClient) => void, number]>([
    ["text that is no JSON", (client) => client.socket.send("{"), 4002],
    ["an unknown opcode", (client) => client.send(42, {}), 4001],
    ["a presence before IDENTIFY", (client) => client.send(3, {}), 4003],
    ["too many payloads", (client) => Array.from({ length: 121 }, () => client.send(1, null)), 4008],
  ])("closes on %s", async (_, act, code) => {
    const client = new RawClient(fake);
    await client.next((payload) => payload.op === 10);
    act(client);
    expect(await client.closed()).toBe(code);
  });

  it("identifies one shard of a key at a time when told to", async () => {
    await fake.stop();
    fake = await startFakeDiscord({ identifyIntervalMs: 5000 });
    await new RawClient(fake).identify(ALL);
    await fake.whenReady();
    const second = new RawClient(fake);
    await second.identify(ALL);
    expect((await second.next((payload) => payload.op === 9)).d).toBe(false);
  });
});

describe("heartbeats", () => {
  it("are answered, unless the connection plays dead", async () => {
    const client = new RawClient(fake);
    await client.next((payload) => payload.op === 10);
    client.send(1, null);
    await client.next((payload) => payload.op === 11);
    fake.gateway.isZombie = true;
    client.send(1, null);
    await fake.until(() => fake.gateway.received.length === 2, "the second heartbeat");
    expect(client.payloads.filter((payload) => payload.op === 11)).toHaveLength(1);
  });

  it("that stay away end the connection", async () => {
    await fake.stop();
    fake = await startFakeDiscord({ heartbeatIntervalMs: 20 });
    expect(await new RawClient(fake).closed()).toBe(4000);
  });
});

describe("dispatch", () => {
  it("goes by intents", async () => {
    const channel = fake.guild({ members: [ann] }).textChannel();
    const guildsOnly = new RawClient(fake);
    await guildsOnly.identify(GUILDS);
    const messagesToo = new RawClient(fake);
    await messagesToo.identify(ALL);
    await fake.whenReady(2);
    ann.says(channel, "hi");
    await messagesToo.event("MESSAGE_CREATE");
    channel.startThread("later", ann.state);
    await guildsOnly.event("THREAD_CREATE");
    expect(guildsOnly.payloads.map((payload) => payload.t)).not.toContain("MESSAGE_CREATE");
  });

  it("empties what the bot may not read", async () => {
    const channel = fake.guild({ members: [ann] }).textChannel();
    const client = new RawClient(fake);
    await client.identify(ALL);
    await fake.whenReady();
    const said = ann.says(channel, "secret", { attachments: [{}] });
    ann.says(channel, "hello", { mentions: [fake.bot], attachments: [{}] });
    ann.says(fake.dm(ann), "private");
    await client.next((payload) => (payload.d as JsonObject | null)?.content === "private");
    const seen = client.payloads
      .filter((payload) => payload.t === "MESSAGE_CREATE")
      .map((one) => one.d as JsonObject);
    expect(seen.map((one) => [one.content, (one.attachments as []).length])).toEqual([
      ["", 0],
      [`${fake.bot.mention} hello`, 1],
      ["private", 0],
    ]);
    expect(seen[0]?.id).toBe(said.id);
  });

  it("gives everything with the intent", async () => {
    await fake.stop();
    fake = await startFakeDiscord({ privilegedIntents: ["MESSAGE_CONTENT"] });
    const bob = fake.user();
    const channel = fake.guild({ members: [bob] }).textChannel();
    const client = new RawClient(fake);
    await client.identify(ALL | MESSAGE_CONTENT);
    await fake.whenReady();
    bob.says(channel, "open");
    expect((await client.event("MESSAGE_CREATE")).d).toMatchObject({ content: "open" });
  });

  it("counts a reply that pings the bot as said to it, and one that does not as not", async () => {
    const channel = fake.guild({ members: [ann] }).textChannel();
    await rest(fake, "POST", `/channels/${channel.id}/messages`, { content: "ask me" });
    const asked = await channel.nextBotMessage();
    const client = new RawClient(fake);
    await client.identify(ALL);
    await fake.whenReady();
    ann.says(channel, "quietly", { replyTo: asked, ping: false });
    ann.says(channel, "loudly", { replyTo: asked });
    const loud = await client.next((payload) => (payload.d as JsonObject | null)?.content === "loudly");
    expect(loud.d).toMatchObject({ referenced_message: { id: asked.id, content: "ask me" } });
    expect(client.payloads.filter((one) => (one.d as JsonObject | null)?.content === "quietly")).toEqual([]);
  });

  it("goes to the shard of the guild, and DMs to the first", async () => {
    const guilds = Array.from({ length: 4 }, () => fake.guild({ members: [ann] }));
    const shards = [0, 1].map(() => new RawClient(fake));
    for (const [id, client] of shards.entries()) await client.identify(ALL, { shard: [id, 2] });
    await fake.whenReady(2);
    ann.says(fake.dm(ann), "private");
    await shards[0]?.event("MESSAGE_CREATE");
    const guildsOf = (client: RawClient) => client.payloads.filter((one) => one.t === "GUILD_CREATE").length;
    for (const client of shards) await client.next(() => guildsOf(client) === guilds.length / 2);
    expect(shards[1]?.payloads.map((one) => one.t)).not.toContain("MESSAGE_CREATE");
  });

  it("hides what the bot cannot see, and ends with a kick", async () => {
    const guild = fake.guild({ members: [ann] });
    const hidden = guild.textChannel("hidden");
    hidden.forbid(["VIEW_CHANNEL"]);
    const client = new RawClient(fake);
    await client.identify(ALL);
    await fake.whenReady();
    ann.says(hidden, "hi");
    guild.kickBot();
    expect((await client.event("GUILD_DELETE")).d).toEqual({ id: guild.id });
    expect(client.payloads.map((one) => one.t)).not.toContain("MESSAGE_CREATE");
  });
});

describe("resuming", () => {
  const resume = async (client: RawClient, sessionId: unknown, seq: number) => {
    await client.next((payload) => payload.op === 10);
    client.send(6, { token: fake.token, session_id: sessionId, seq });
  };
  const begin = async () => {
    const channel = fake.guild({ members: [ann] }).textChannel();
    const client = new RawClient(fake);
    await client.identify(ALL);
    const ready = await client.event("READY");
    const { s } = await client.event("GUILD_CREATE");
    const { session_id: sessionId, resume_gateway_url: url } = ready.d as JsonObject;
    return { channel, client, sessionId, seq: s ?? 0, url: `${String(url)}?v=10&encoding=json` };
  };

  it("replays what was missed", async () => {
    const { channel, client, sessionId, seq, url } = await begin();
    fake.gateway.dropConnection();
    await client.closed();
    await fake.until(() => fake.gateway.liveSessions === 0, "the session to be away");
    ann.says(channel, "while you were away");
    const again = new RawClient(fake, url);
    await resume(again, sessionId, seq);
    await again.event("RESUMED");
    expect(again.payloads.map((one) => one.t)).toEqual([null, "MESSAGE_CREATE", "RESUMED"]);
    expect([fake.gateway.identifies, fake.gateway.resumes]).toEqual([1, 1]);
  });

  it("is over after a goodbye, a forgotten session, or a wrong number", async () => {
    const { client, sessionId, seq, url } = await begin();
    fake.gateway.dropConnection(4000);
    expect(await client.closed()).toBe(4000);
    const wrong = new RawClient(fake, url);
    await resume(wrong, sessionId, seq + 100);
    expect(await wrong.closed()).toBe(4007);
    const { client: second, sessionId: other, seq: last } = await begin();
    second.socket.close(1000);
    await fake.until(() => fake.gateway.liveSessions === 0, "the goodbye");
    const late = new RawClient(fake, url);
    await resume(late, other, last);
    expect((await late.next((payload) => payload.op === 9)).d).toBe(false);
  });
});
