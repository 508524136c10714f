import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeChannel } from "./fake-channel.ts";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import type { FakeInteraction } from "./fake-interaction.ts";
import type { FakeUser } from "./fake-user.ts";
import { rest, SILENT, upload } from "./rest-client.ts";
import { type JsonObject, MIB } from "./wire.ts";

let fake: FakeDiscord;
let channel: FakeChannel;
let ann: FakeUser;

const COMMANDS = [
  {
    name: "edit",
    description: "Edit a video",
    options: [
      { type: 3, name: "prompt", description: "What to do", required: true, max_length: 100 },
      { type: 11, name: "clip", description: "A video", file_types: ["video"] },
      { type: 3, name: "skill", description: "A skill", autocomplete: true },
    ],
    integration_types: [0, 1],
    contexts: [0, 1, 2],
  },
  { type: 3, name: "Edit this video", integration_types: [0, 1], contexts: [0, 1, 2] },
];

const start = async (options: Parameters<typeof startFakeDiscord>[0] = {}) => {
  fake = await startFakeDiscord(options);
  ann = fake.user({ name: "ann", locale: "zh-CN" });
  channel = fake.guild({ members: [ann] }).textChannel();
  await rest(fake, "PUT", `/applications/${fake.applicationId}/commands`, COMMANDS);
};

beforeEach(() => start());
afterEach(() => fake.stop());

const edit = () => ann.slash(channel, "edit", { options: { prompt: "cut" } });
const answer = (to: FakeInteraction, type: number, data: JsonObject | FormData = {}, query = "") =>
  rest(
    fake,
    "POST",
    `/interactions/${to.id}/${to.token}/callback${query}`,
    data instanceof FormData ? data : { type, data },
  );
const hook = (to: FakeInteraction, method: string, more = "", body?: unknown) =>
  rest(fake, method, `/webhooks/${fake.applicationId}/${to.token}${more}`, body, { authorization: "" });
const say = (content: string, more: JsonObject = {}) => ({ content, ...SILENT, ...more });

describe("an interaction", () => {
  it("is answered once", async () => {
    const used = await edit();
    expect((await answer(used, 4, say("done"))).status).toBe(204);
    expect((await used.reply()).content).toBe("done");
    const again = await answer(used, 5);
    expect(again.status).toBe(400);
    expect(again.body).toEqual({ code: 40060, message: "Interaction has already been acknowledged." });
    expect(fake.violations("answered-twice")).toHaveLength(1);
  });

  it("gives the response when asked", async () => {
    const used = await edit();
    const { status, body } = await answer(used, 4, say("done"), "?with_response=true");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      interaction: { id: used.id, type: 2 },
      resource: { type: 4, message: { content: "done", type: 20 } },
    });
  });

  it("is unknown after its deadline", async () => {
    await fake.stop();
    await start({ interactionDeadlineMs: 30 });
    const used = await edit();
    await fake.until(() => used.hasFailed, "the deadline");
    expect((await answer(used, 5)).body).toEqual({ code: 10062, message: "Unknown interaction" });
    expect((await hook(used, "POST", "", say("x"))).body.code).toBe(10015);
    expect(fake.violations("answered-late")).toHaveLength(1);
  });

  it("with another token is unknown too", async () => {
    const used = await edit();
    const { status, body } = await rest(fake, "POST", `/interactions/${used.id}/nonsense/callback`, {
      type: 5,
    });
    expect([status, body.code]).toEqual([404, 10062]);
  });

  it("that was deferred is filled by editing the original", async () => {
    const used = await edit();
    await answer(used, 5, { flags: 64 });
    expect(used.original?.isLoading).toBe(true);
    await hook(used, "PATCH", "/messages/@original", say("done"));
    const reply = await used.reply();
    expect([reply.content, reply.isLoading, reply.isEphemeral]).toEqual(["done", false, true]);
    expect((await hook(used, "DELETE", "/messages/@original")).status).toBe(204);
    expect((await hook(used, "GET", "/messages/@original")).body.code).toBe(10008);
  });

  it("that was deferred takes its first follow-up as that edit", async () => {
    const used = await edit();
    await answer(used, 5);
    await hook(used, "POST", "", say("first"));
    await hook(used, "POST", "", say("second"));
    expect([used.original?.content, ...used.followUps.map((one) => one.content)]).toEqual([
      "first",
      "second",
    ]);
  });

  it("takes no follow-up before its first answer", async () => {
    expect((await hook(await edit(), "POST", "", say("x"))).body).toEqual({
      code: 10015,
      message: "Unknown Webhook",
    });
  });

  it("is over after its token's time", async () => {
    await fake.stop();
    await start({ interactionTokenMs: 0 });
    const used = await edit();
    await answer(used, 5);
    const { status, body } = await hook(used, "PATCH", "/messages/@original", say("x"));
    expect([status, body]).toEqual([401, { code: 50027, message: "Invalid Webhook Token" }]);
  });

  it("keeps ephemeral answers from the bot's token", async () => {
    const used = await edit();
    await answer(used, 4, say("secret", { flags: 64 }));
    const path = `/channels/${channel.id}/messages/${used.original?.id}`;
    expect((await rest(fake, "GET", path)).body.code).toBe(10008);
    expect((await rest(fake, "PATCH", path, say("x"))).body.code).toBe(10008);
    expect(() => fake.user().press(used.original ?? never(), "x")).toThrow("not for this user");
  });

  it.each<[string, number, JsonObject]>([
    ["an update where there was no message", 7, say("x")],
    ["choices for a command", 8, { choices: [] }],
    ["a flag but EPHEMERAL on a deferral", 5, { flags: 4 }],
    ["a text too long", 4, say("x".repeat(2001))],
    ["a modal without a title", 9, { custom_id: "m", components: [] }],
  ])("refuses %s", async (_, type, data) => {
    const used = await edit();
    expect((await answer(used, type, data)).body.code).toBe(50035);
    expect(used.callback).toBeNull();
    expect((await answer(used, 5)).status).toBe(204);
  });

  it("takes files up to the limit it names", async () => {
    ann.state.uploadLimitBytes = 12 * MIB;
    const used = await edit();
    const form = (bytes: number) =>
      upload({ type: 4, data: SILENT }, { name: "a.mp4", bytes: Buffer.alloc(bytes) });
    expect((await answer(used, 4, form(12 * MIB + 1))).body.code).toBe(40005);
    expect((await answer(used, 4, form(11 * MIB))).status).toBe(204);
    expect(used.original?.files).toMatchObject([{ name: "a.mp4" }]);
  });
});

const never = (): never => {
  throw new Error("no message");
};

describe("a slash command", () => {
  it("is only sent when the client would send it", async () => {
    const slash = (input: Parameters<FakeUser["slash"]>[2]) => ann.slash(channel, "edit", input);
    await expect(slash({})).rejects.toThrow("needs prompt");
    await expect(slash({ options: { prompt: "x".repeat(101) } })).rejects.toThrow("101 characters");
    await expect(slash({ options: { prompt: "x", other: "y" } })).rejects.toThrow("no option other");
    await expect(
      slash({ options: { prompt: "x" }, attachments: { clip: { name: "a.pdf" } } }),
    ).rejects.toThrow("not among video");
  });

  it("is not offered where the app is not installed", async () => {
    const elsewhere = fake.guild({ members: [ann], hasBot: false }).textChannel();
    await expect(ann.slash(elsewhere, "edit", { options: { prompt: "x" } })).rejects.toThrow(
      "not installed here",
    );
  });
});

describe("an app that only the user installed", () => {
  it("has five follow-ups and no messages of its own", async () => {
    ann.installApp();
    const elsewhere = fake.guild({ members: [ann], hasBot: false }).textChannel();
    const used = await ann.slash(elsewhere, "edit", { options: { prompt: "x" } });
    expect(used.state.owners).toEqual({ "1": ann.id });
    await answer(used, 4, say("one"));
    for (let count = 0; count < 5; count += 1)
      expect((await hook(used, "POST", "", say("x"))).status).toBe(200);
    expect((await hook(used, "POST", "", say("x"))).body.code).toBe(40094);
    expect((await rest(fake, "POST", `/channels/${elsewhere.id}/messages`, say("x"))).body.code).toBe(50001);
  });

  it("works between two people", async () => {
    ann.installApp();
    const between = fake.privateChannel(ann, fake.user());
    const used = await ann.slash(between, "edit", { options: { prompt: "x" } });
    expect(used.state.context).toBe(2);
    await answer(used, 4, say("one"));
    expect(between.messages().map((one) => one.content)).toEqual(["one"]);
  });

  it("answers ephemerally where the guild wants it so", async () => {
    ann.installApp();
    const guild = fake.guild({ members: [ann], hasBot: false });
    guild.forbid(["USE_EXTERNAL_APPS"]);
    const used = await ann.slash(guild.textChannel(), "edit", { options: { prompt: "x" } });
    await answer(used, 4, say("one"));
    expect(used.original?.isEphemeral).toBe(true);
  });
});

/** A field of a modal. */
function labelled(component: object) {
  return { type: 18, label: "a", component };
}

describe("components and modals", () => {
  const panel = [
    {
      type: 1,
      components: [
        { type: 2, style: 1, custom_id: "export", label: "Export" },
        { type: 2, style: 5, url: "https://example.org", label: "Open" },
        { type: 2, style: 1, custom_id: "old", label: "Old", disabled: true },
      ],
    },
    { type: 1, components: [{ type: 3, custom_id: "skill", options: [{ label: "Film", value: "film" }] }] },
  ];
  const post = async () => {
    await rest(fake, "POST", `/channels/${channel.id}/messages`, say("panel", { components: panel }));
    return channel.nextBotMessage((one) => one.buttons.length > 0);
  };

  it("update the message they are on", async () => {
    const message = await post();
    const pressed = ann.press(message, "Export");
    expect((await answer(pressed, 7, say("working", { components: [] }))).status).toBe(204);
    expect([message.content, message.buttons]).toEqual(["working", []]);
    await hook(pressed, "PATCH", "/messages/@original", say("done"));
    expect(message.content).toBe("done");
  });

  it("can be used only when they can be used", async () => {
    const message = await post();
    expect(() => ann.press(message, "Open")).toThrow("is a link");
    expect(() => ann.press(message, "Old")).toThrow("is disabled");
    expect(() => ann.press(message, "None")).toThrow("no button");
    expect(() => ann.select(message, "skill", ["other"])).toThrow("no option");
    const chosen = ann.select(message, "skill", ["Film"]);
    expect((await answer(chosen, 6)).status).toBe(204);
  });

  it("open a modal whose submission is an interaction of its own", async () => {
    const pressed = ann.press(await post(), "export");
    const input = { type: 4, custom_id: "prompt", style: 2, max_length: 20 };
    const modal = {
      custom_id: "m",
      title: "Edit",
      components: [{ type: 18, label: "What?", component: input }],
    };
    await answer(pressed, 9, modal);
    await expect(ann.submitModal(pressed, { prompt: "x".repeat(21) })).rejects.toThrow("21 characters");
    await expect(ann.submitModal(pressed, {})).rejects.toThrow("must be filled");
    const submitted = await ann.submitModal(pressed, { "What?": "cut" });
    expect((await answer(submitted, 9, modal)).body.code).toBe(50035);
    expect((await answer(submitted, 4, say("ok"))).status).toBe(204);
  });

  it.each<[string, JsonObject]>([
    ["a title of 46", { title: "x".repeat(46) }],
    [
      "six rows",
      {
        components: Array.from({ length: 6 }, (_, n) => ({
          type: 18,
          label: "a",
          component: { type: 4, custom_id: `c${n}`, style: 1 },
        })),
      },
    ],
    [
      "a label of 46",
      { components: [{ type: 18, label: "x".repeat(46), component: { type: 4, custom_id: "c", style: 1 } }] },
    ],
    [
      "a button",
      { components: [{ type: 1, components: [{ type: 2, style: 1, label: "x", custom_id: "b" }] }] },
    ],
    [
      "a value longer than its bound",
      {
        components: [
          {
            type: 18,
            label: "a",
            component: { type: 4, custom_id: "c", style: 1, max_length: 2, value: "abc" },
          },
        ],
      },
    ],
    [
      "a radio group of one option",
      { components: [labelled({ type: 21, custom_id: "r", options: [{ value: "a", label: "A" }] })] },
    ],
    [
      "a radio group with the same value twice",
      {
        components: [
          labelled({ type: 21, custom_id: "r", options: ["A", "B"].map((label) => ({ value: "a", label })) }),
        ],
      },
    ],
    [
      "a file upload of more than ten",
      { components: [labelled({ type: 19, custom_id: "f", max_values: 11 })] },
    ],
    [
      "a file upload that wants more than it takes",
      { components: [labelled({ type: 19, custom_id: "f", min_values: 2 })] },
    ],
    [
      "a label of 46 characters",
      { components: [{ ...labelled({ type: 4, custom_id: "c", style: 1 }), label: "x".repeat(46) }] },
    ],
    [
      "a description of 101 characters",
      { components: [{ ...labelled({ type: 4, custom_id: "c", style: 1 }), description: "x".repeat(101) }] },
    ],
  ])("refuse a modal with %s", async (_, more) => {
    const input = { type: 4, custom_id: "prompt", style: 2 };
    const modal = {
      custom_id: "m",
      title: "Edit",
      components: [{ type: 18, label: "a", component: input }],
      ...more,
    };
    expect((await answer(await edit(), 9, modal)).body.code).toBe(50035);
  });
});

describe("autocomplete", () => {
  it("takes at most 25 choices, and nothing else", async () => {
    const choice = (n: number) => ({ name: `c${n}`, value: `v${n}` });
    const typed = await ann.autocomplete(channel, "edit", "skill", "fi");
    expect((await answer(typed, 5)).body.code).toBe(50035);
    expect(
      (await answer(typed, 8, { choices: Array.from({ length: 26 }, (_, n) => choice(n)) })).body.code,
    ).toBe(50035);
    await answer(typed, 8, { choices: [choice(1)] });
    expect(await typed.choices()).toEqual([choice(1)]);
  });
});

describe("a file given to a command", () => {
  it("is ephemeral: no message holds it", async () => {
    const used = await ann.slash(channel, "edit", {
      options: { prompt: "x" },
      attachments: { clip: { sizeBytes: 5 } },
    });
    expect(used.state.channel.messages.size).toBe(0);
    expect(fake.cdn.downloads).toEqual([]);
  });
});
