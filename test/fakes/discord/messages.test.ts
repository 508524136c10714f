import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeChannel } from "./fake-channel.ts";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import type { FakeGuild } from "./fake-guild.ts";
import type { FakeUser } from "./fake-user.ts";
import { rest, SILENT, upload } from "./rest-client.ts";
import { type JsonObject, MIB } from "./wire.ts";

let fake: FakeDiscord;
let guild: FakeGuild;
let channel: FakeChannel;
let ann: FakeUser;

beforeEach(async () => {
  fake = await startFakeDiscord();
  ann = fake.user({ name: "ann" });
  guild = fake.guild({ members: [ann] });
  channel = guild.textChannel();
});

afterEach(() => fake.stop());

const send = (body: JsonObject | FormData, id = channel.id) =>
  rest(fake, "POST", `/channels/${id}/messages`, body);
const button = (customId: string, label = "Go") => ({ type: 2, style: 1, custom_id: customId, label });
const row = (...components: JsonObject[]) => ({ type: 1, components });
const codeAt = (body: JsonObject, ...path: string[]) => {
  let node = body.errors as JsonObject;
  for (const part of path) node = (node[part] ?? {}) as JsonObject;
  return ((node._errors ?? []) as { code: string }[])[0]?.code;
};

describe("sending a message", () => {
  it("makes it, with what the bot sent", async () => {
    const { status, body } = await send({ content: "hello", ...SILENT, nonce: "n1", enforce_nonce: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      content: "hello",
      channel_id: channel.id,
      author: { bot: true },
      nonce: "n1",
    });
    expect((await channel.nextBotMessage()).content).toBe("hello");
    expect(fake.violations()).toEqual([]);
  });

  it("accepts 2000 characters and refuses 2001, counting code points", async () => {
    expect((await send({ content: "🎬".repeat(2000) })).status).toBe(200);
    const { status, body } = await send({ content: "x".repeat(2001) });
    expect(status).toBe(400);
    expect(body).toEqual({
      code: 50035,
      message: "Invalid Form Body",
      errors: {
        content: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." }] },
      },
    });
  });

  it.each([
    ["nothing", {}],
    ["an empty text", { content: "" }],
    ["white space", { content: " \n " }],
  ])("refuses %s", async (_, body) => {
    expect((await send(body)).body).toMatchObject({ code: 50006, message: "Cannot send an empty message" });
  });

  it.each([
    ["six buttons in a row", [row(...[..."abcdef"].map((id) => button(id)))], "components.0.components"],
    ["six rows", [..."abcdef"].map((id) => row(button(id))), "components"],
    [
      "two components of one custom_id",
      [row(button("a"), button("a"))],
      "components.0.components.1.custom_id",
    ],
    ["a custom_id of 101 characters", [row(button("x".repeat(101)))], "components.0.components.0.custom_id"],
    ["a label of 81 characters", [row(button("a", "x".repeat(81)))], "components.0.components.0.label"],
    ["a button outside a row", [button("a")], "components.0.type"],
    [
      "a link with a custom_id",
      [row({ type: 2, style: 5, label: "x", url: "https://x.org", custom_id: "a" })],
      "components.0.components.0",
    ],
    [
      "a link to nowhere",
      [row({ type: 2, style: 5, label: "x", url: "ftp:x" })],
      "components.0.components.0.url",
    ],
    [
      "a text input",
      [row({ type: 4, custom_id: "a", style: 1, label: "x" })],
      "components.0.components.0.type",
    ],
    ["a text display without the flag", [{ type: 10, content: "x" }], "components.0.type"],
  ])("refuses %s", async (_, components, path) => {
    const { status, body } = await send({ content: "x", components });
    expect(status).toBe(400);
    expect(codeAt(body, ...path.split("."))).toBeDefined();
  });

  it("refuses a menu of 26 options, and one beside a button", async () => {
    const option = (value: string) => ({ label: value, value });
    const menu = (count: number) => ({
      type: 3,
      custom_id: "m",
      options: Array.from({ length: count }, (_, index) => option(`v${index}`)),
    });
    expect((await send({ content: "x", components: [row(menu(25))] })).status).toBe(200);
    expect((await send({ content: "x", components: [row(menu(26))] })).status).toBe(400);
    expect((await send({ content: "x", components: [row(menu(2), button("b"))] })).status).toBe(400);
  });

  it("turns into Components V2 when its content goes, and never back", async () => {
    const { body: sent } = await send({ content: "words" });
    const edit = (body: JsonObject) =>
      rest(fake, "PATCH", `/channels/${channel.id}/messages/${sent.id}`, body);
    const framed = { flags: 1 << 15, components: [{ type: 10, content: "framed" }] };
    expect(codeAt((await edit(framed)).body, "content")).toContain("WITH_COMPONENTS_V2");
    expect((await edit({ ...framed, content: null })).status).toBe(200);
    expect(codeAt((await edit({ flags: 0, content: "words" })).body, "content")).toContain(
      "WITH_COMPONENTS_V2",
    );
    const [message] = channel.botMessages();
    expect([message?.content, message?.text]).toEqual(["", "framed"]);
  });

  it("takes no more edits when it is an hour old", async () => {
    const { body: sent } = await send({ content: "words" });
    channel.botMessages()[0]?.age(3_600_001);
    const { status, body } = await rest(fake, "PATCH", `/channels/${channel.id}/messages/${sent.id}`, {
      content: "more",
    });
    expect([status, body.code]).toEqual([429, 30046]);
  });

  it("takes Components V2 with the flag, up to 40 of them and 4000 characters, and then no content", async () => {
    const text = (content: string) => ({ type: 10, content });
    const v2 = (components: JsonObject[], more: JsonObject = {}) =>
      send({ flags: 1 << 15, components, ...more });
    expect((await v2([{ type: 17, components: [text("a"), row(button("b"))] }])).status).toBe(200);
    expect((await v2(Array.from({ length: 40 }, () => text("a")))).status).toBe(200);
    expect((await v2([{ type: 17, components: Array.from({ length: 40 }, () => text("a")) }])).status).toBe(
      400,
    );
    expect((await v2([text("x".repeat(4000))])).status).toBe(200);
    expect((await v2([text("x".repeat(3000)), text("x".repeat(1001))])).status).toBe(400);
    const { body } = await v2([text("a")], { content: "x" });
    expect(codeAt(body, "content")).toBe("MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2");
  });

  it.each([
    ["a title of 257", { title: "x".repeat(257) }],
    ["a description of 4097", { description: "x".repeat(4097) }],
    ["a field without a value", { fields: [{ name: "x" }] }],
    ["6001 in all", { description: "x".repeat(4000), footer: { text: "x".repeat(2001) } }],
  ])("refuses an embed with %s", async (_, embed) => {
    expect((await send({ embeds: [embed] })).body.code).toBe(50035);
  });

  it("refuses parse and users together", async () => {
    const { body } = await send({ content: "x", allowed_mentions: { parse: ["users"], users: [ann.id] } });
    expect(codeAt(body, "allowed_mentions")).toBe("MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE");
  });

  it("refuses flags that are not the bot's to set", async () => {
    expect(codeAt((await send({ content: "x", flags: 64 })).body, "flags")).toBe("MESSAGE_FLAGS_INVALID");
  });

  it("notes sends that could ping or be doubled", async () => {
    await send({ content: "x" });
    await send({ content: "x", ...SILENT, nonce: "1" });
    expect(fake.violations().map((one) => one.kind)).toEqual(["allowed-mentions", "no-nonce", "no-nonce"]);
  });

  it("pings only whom allowed_mentions allows", async () => {
    await send({ content: `${ann.mention} hi`, ...SILENT });
    await send({ content: `${ann.mention} hi` });
    expect(channel.messages().map((one) => one.pinged)).toEqual([[], [ann.id]]);
  });
});

describe("a nonce that is enforced", () => {
  it("gives the message that is there instead of a second one", async () => {
    const body = { content: "once", ...SILENT, nonce: "abc", enforce_nonce: true };
    const first = await send(body);
    const second = await send(body);
    expect(second.body.id).toBe(first.body.id);
    expect(channel.messages()).toHaveLength(1);
  });

  it("may have 25 characters", async () => {
    expect((await send({ content: "x", nonce: "n".repeat(25) })).status).toBe(200);
    expect(codeAt((await send({ content: "x", nonce: "n".repeat(26) })).body, "nonce")).toBe(
      "BASE_TYPE_MAX_LENGTH",
    );
  });
});

describe("files", () => {
  it("are kept and served", async () => {
    const bytes = Buffer.from("a film");
    await send(
      upload({ content: "here", attachments: [{ id: 0, description: "cut" }] }, { name: "cut.mp4", bytes }),
    );
    const message = await channel.nextBotMessage();
    expect(message.files).toMatchObject([{ name: "cut.mp4", sizeBytes: 6, contentType: "video/mp4" }]);
    expect(await (await fetch(message.files[0]?.url ?? "")).text()).toBe("a film");
  });

  it.each([
    [0, 10],
    [1, 10],
    [2, 50],
    [3, 100],
  ])("at tier %i may have %i MiB", async (tier, mebibytes) => {
    await fake.stop();
    fake = await startFakeDiscord({ maxRequestBytes: 200 * MIB });
    const boosted = fake.guild({ premiumTier: tier }).textChannel();
    const file = (extra: number) =>
      upload({}, { name: "a.mp4", bytes: Buffer.alloc(mebibytes * MIB + extra) });
    expect((await send(file(0), boosted.id)).status).toBe(200);
    const { status, body } = await send(file(1), boosted.id);
    expect(status).toBe(413);
    expect(body).toEqual({ code: 40005, message: "Request entity too large" });
  });

  it("make no request larger than 25 MiB", async () => {
    guild.setPremiumTier(3);
    expect((await send(upload({}, { name: "a.mp4", bytes: Buffer.alloc(25 * MIB) }))).status).toBe(413);
  });

  it("must be there when a descriptor names them", async () => {
    const { body } = await send({ content: "x", attachments: [{ id: 0, filename: "a.mp4" }] });
    expect(codeAt(body, "attachments", "0", "id")).toBe("ATTACHMENT_NOT_FOUND");
  });

  it("are at most ten", async () => {
    const files = Array.from({ length: 11 }, (_, index) => ({
      name: `${index}.mp4`,
      bytes: Buffer.from("x"),
    }));
    expect((await send(upload({}, ...files))).body.code).toBe(30015);
  });
});

describe("permissions", () => {
  it.each([
    ["VIEW_CHANNEL", 50001, { content: "x" }],
    ["SEND_MESSAGES", 50013, { content: "x" }],
    ["EMBED_LINKS", 50013, { embeds: [{ title: "x" }] }],
    ["ATTACH_FILES", 50013, upload({}, { name: "a.mp4", bytes: Buffer.from("x") })],
  ] as const)("without %s give %i", async (permission, code, body) => {
    channel.forbid([permission]);
    const answer = await send(body);
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe(code);
  });

  it("in a thread come from its parent, with a permission of their own to write", async () => {
    const thread = channel.startThread("a project", ann.state);
    channel.forbid(["SEND_MESSAGES"]);
    expect((await send({ content: "x" }, thread.id)).status).toBe(200);
    channel.forbid(["SEND_MESSAGES_IN_THREADS"]);
    expect((await send({ content: "x" }, thread.id)).body.code).toBe(50013);
  });

  it("end when the bot is kicked", async () => {
    guild.kickBot();
    expect((await send({ content: "x" })).body).toEqual({ code: 50001, message: "Missing Access" });
    expect((await rest(fake, "GET", `/guilds/${guild.id}`)).body.code).toBe(50001);
  });

  it("in a DM depend on the user", async () => {
    const dm = fake.dm(ann);
    expect((await send({ content: "x" }, dm.id)).status).toBe(200);
    ann.acceptDms(false);
    expect((await send({ content: "x" }, dm.id)).body.code).toBe(50007);
    ann.acceptDms(true);
    guild.kickBot();
    expect((await send({ content: "x" }, dm.id)).body.code).toBe(50278);
  });
});

describe("replies", () => {
  it("point at the message, and are refused when it is gone unless that was allowed for", async () => {
    const asked = ann.says(channel, "hi");
    const reply = (more: JsonObject) =>
      send({ content: "x", message_reference: { message_id: asked.id, ...more } });
    expect((await reply({})).body).toMatchObject({ type: 19, message_reference: { message_id: asked.id } });
    asked.delete();
    expect(codeAt((await reply({})).body, "message_reference")).toBe("REPLIES_UNKNOWN_MESSAGE");
    expect((await reply({ fail_if_not_exists: false })).body.type).toBe(0);
  });

  it("need the permission to read history", async () => {
    const asked = ann.says(channel, "hi");
    channel.forbid(["READ_MESSAGE_HISTORY"]);
    expect((await send({ content: "x", message_reference: { message_id: asked.id } })).body.code).toBe(
      160002,
    );
  });
});

describe("editing and deleting", () => {
  it("change the bot's own messages only", async () => {
    const { body } = await send({ content: "one", ...SILENT });
    const path = `/channels/${channel.id}/messages/${String(body.id)}`;
    expect((await rest(fake, "PATCH", path, { content: "two", ...SILENT })).body.content).toBe("two");
    expect((await rest(fake, "PATCH", path, { content: "" })).body.code).toBe(50006);
    expect(channel.messages()[0]?.history).toEqual(["one", "two"]);
    const other = ann.says(channel, "mine");
    const theirs = `/channels/${channel.id}/messages/${other.id}`;
    expect((await rest(fake, "PATCH", theirs, { content: "x" })).body.code).toBe(50005);
    expect((await rest(fake, "DELETE", theirs)).body.code).toBe(50013);
    expect((await rest(fake, "DELETE", path)).status).toBe(204);
    expect((await rest(fake, "PATCH", path, { content: "x" })).body.code).toBe(10008);
  });

  it("keep the files an edit names and drop the others", async () => {
    const files = ["a.mp4", "b.mp4"].map((name) => ({ name, bytes: Buffer.from(name) }));
    const { body } = await send(upload({}, ...files));
    const [first] = body.attachments as { id: string }[];
    const path = `/channels/${channel.id}/messages/${String(body.id)}`;
    await rest(fake, "PATCH", path, { attachments: [{ id: first?.id }] });
    expect(channel.messages()[0]?.files.map((file) => file.name)).toEqual(["a.mp4"]);
  });
});

describe("reading messages without the message content intent", () => {
  it("shows only what was said to the bot, by it, or in its DMs", async () => {
    ann.says(channel, "secret", { attachments: [{ name: "a.mp4" }] });
    ann.says(channel, "for you", { mentions: [fake.bot] });
    await send({ content: "mine" });
    const { body } = await rest(fake, "GET", `/channels/${channel.id}/messages`);
    const contents = (body as unknown as JsonObject[]).map((one) => [
      one.content,
      (one.attachments as []).length,
    ]);
    expect(contents).toEqual([
      ["mine", 0],
      [`${fake.bot.mention} for you`, 0],
      ["", 0],
    ]);
  });
});

describe("threads", () => {
  const start = (path: string, body: JsonObject) => rest(fake, "POST", `/channels/${path}/threads`, body);

  it("start from a message once, with its id", async () => {
    const said = ann.says(channel, "cut this");
    const { status, body } = await start(`${channel.id}/messages/${said.id}`, {
      name: "cut",
      auto_archive_duration: 1440,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ id: said.id, type: 11, parent_id: channel.id, owner_id: fake.bot.id });
    expect((await start(`${channel.id}/messages/${said.id}`, { name: "x" })).body.code).toBe(160004);
    expect((await send({ content: "in it" }, said.id)).status).toBe(200);
  });

  it.each([
    ["an empty name", { name: "" }],
    ["a name of 101 characters", { name: "x".repeat(101) }],
    ["another time to archive", { name: "x", auto_archive_duration: 5 }],
  ])("are refused with %s", async (_, body) => {
    expect((await start(channel.id, { type: 11, ...body })).body.code).toBe(50035);
  });

  it("need permission, and a channel that has threads", async () => {
    expect((await start(fake.dm(ann).id, { name: "x", type: 11 })).body.code).toBe(50003);
    const thread = channel.startThread("a", ann.state);
    expect((await start(thread.id, { name: "x", type: 11 })).body.code).toBe(50024);
    channel.forbid(["CREATE_PUBLIC_THREADS"]);
    expect((await start(channel.id, { name: "x", type: 11 })).body.code).toBe(50013);
  });

  it("wake when somebody writes, unless they are locked", async () => {
    const thread = channel.startThread("a", ann.state);
    const { body } = await send({ content: "x" }, thread.id);
    thread.archive();
    const path = `/channels/${thread.id}/messages/${String(body.id)}`;
    expect((await rest(fake, "PATCH", path, { content: "y" })).body.code).toBe(50083);
    expect((await send({ content: "z" }, thread.id)).status).toBe(200);
    expect(thread.isArchived).toBe(false);
    thread.lock();
    expect((await send({ content: "z" }, thread.id)).body.code).toBe(160005);
  });

  it("in a forum are posts with a message; a forum itself takes none", async () => {
    const forum = guild.forum();
    expect((await send({ content: "x" }, forum.id)).body.code).toBe(40058);
    expect((await start(forum.id, { name: "x" })).body.code).toBe(50035);
    const { body } = await start(forum.id, { name: "x", message: { content: "first", ...SILENT } });
    expect(body).toMatchObject({ type: 11, message: { content: "first" } });
  });

  it("that are deleted are unknown", async () => {
    const thread = channel.startThread("a", ann.state);
    thread.delete();
    expect((await send({ content: "x" }, thread.id)).body).toEqual({
      code: 10003,
      message: "Unknown Channel",
    });
  });
});

describe("requests that are no good", () => {
  it.each([
    ["another token", { authorization: "Bot nobody" }, 401, { code: 0, message: "401: Unauthorized" }],
    [
      "a foreign user agent",
      { "user-agent": "curl/8" },
      403,
      { code: 40333, message: "internal network error" },
    ],
  ])("with %s are refused", async (_, headers, status, body) => {
    const answer = await rest(fake, "GET", "/users/@me", undefined, headers);
    expect([answer.status, answer.body]).toEqual([status, body]);
  });

  it("of unknown routes are noted", async () => {
    expect((await rest(fake, "GET", "/nowhere")).body).toEqual({ code: 0, message: "404: Not Found" });
    expect((await rest(fake, "PUT", "/users/@me")).status).toBe(405);
    expect(fake.violations("unknown-route")).toHaveLength(1);
  });

  it("with broken JSON or another type are refused", async () => {
    const post = (type: string) =>
      fetch(`${fake.apiUrl}/v10/channels/${channel.id}/messages`, {
        method: "POST",
        headers: {
          authorization: `Bot ${fake.token}`,
          "user-agent": "DiscordBot (https://example.org, 1)",
          "content-type": type,
        },
        body: "{",
      });
    expect(await (await post("application/json")).json()).toMatchObject({ code: 50109 });
    expect(await (await post("text/plain")).json()).toMatchObject({ code: 50035 });
  });
});
