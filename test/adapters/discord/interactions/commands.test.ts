import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REST } from "@discordjs/rest";
import { describe, expect, it, onTestFinished } from "vitest";
import english from "../../../../config/locales/en.json" with { type: "json" };
import { publishCommands } from "../../../../src/adapters/discord/interactions/command-menu.ts";
import { createLocales } from "../../../../src/core/model/locales.ts";
import { startFakeDiscord } from "../../../fakes/discord/fake-discord.ts";
import { temporaryFolder } from "../../../support/test-chat.ts";
import { Store } from "../adapters.ts";
import { clip, community, editInThread, startDiscordScene } from "../scene.ts";

const REGISTER = "PUT /applications/:application/commands";
const SKILLS = join(import.meta.dirname, "../../../../config/skills");

describe("the commands", { timeout: 30_000 }, () => {
  it("are registered globally, for guilds and people, in English and Chinese", async () => {
    const { discord } = await startDiscordScene();
    const [call] = await discord.until(() => {
      const calls = discord.calls(REGISTER);
      return calls[0]?.status === 200 && calls;
    }, "the registration");
    const commands = call?.body as Record<string, unknown>[];
    expect(commands.map((command) => command.name)).toEqual([
      ..."edit upload export credits status new projects history undo skill language cancel help threads".split(
        " ",
      ),
      "Edit this video",
    ]);
    for (const command of commands) {
      if (command.name === "threads") continue;
      expect(command).toMatchObject({ integration_types: [0, 1], contexts: [0, 1, 2] });
      expect(command.name_localizations).toHaveProperty("zh-CN");
    }
    expect(commands[0]?.description_localizations).toMatchObject({
      "zh-CN": expect.stringMatching(/\p{Script=Han}/u),
    });
  });

  it("are registered in every language that both Discord and the bot know", async () => {
    const discord = await startFakeDiscord();
    onTestFinished(() => discord.stop());
    const rest = new REST({ api: discord.apiUrl }).setToken(discord.token);
    const named = (name: string) => ({ ...english, "language.name": name });
    const texts = createLocales({
      en: english,
      de: named("Deutsch"),
      es: named("Español"),
      eo: named("Esperanto"),
    });
    await publishCommands(rest, discord.applicationId, texts, new Store());
    const [call] = discord.calls(REGISTER);
    expect(call?.status).toBe(200);
    const commands = call?.body as { name_localizations: object }[];
    for (const { name_localizations: names } of commands) {
      expect(Object.keys(names).sort()).toEqual(["de", "es-419", "es-ES"]);
    }
    expect(discord.violations()).toEqual([]);
  });

  it("are registered only when they changed: not on a second start", async () => {
    const { discord, bot } = await startDiscordScene();
    const { anna, channel } = community(discord);
    await anna.slash(channel, "help");
    expect(await bot.stop()).toBe(0);
    await discord.until(() => discord.gateway.liveSessions === 0, "the goodbye");
    bot.restart();
    await discord.whenReady();
    const used = await anna.slash(channel, "help");
    await used.reply();
    expect(discord.calls(REGISTER)).toHaveLength(1);
  });

  it.each([
    ["credits", "100 available"],
    ["help", "Send me a clip"],
    ["skill", "Skills"],
    ["language", "Which language do you prefer?"],
  ])("/%s is answered for the person alone", async (name, words) => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const used = await anna.slash(channel, name);
    // A first contact is greeted before its answer.
    const answer = await used.reply((message) => message.text.includes(words));
    expect(answer.isEphemeral).toBe(true);
    expect(channel.botMessages().every((message) => message.isEphemeral)).toBe(true);
    expect(discord.violations()).toEqual([]);
  });

  it("/status, /new, /cancel and /export answer in the thread of the project", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    const status = await anna.slash(thread, "status");
    expect((await status.reply()).text).toContain("Timeline (2 tracks)");
    const cancel = await anna.slash(thread, "cancel");
    expect((await cancel.reply()).text).toContain("nothing to cancel");
    await anna.slash(thread, "export");
    await thread.nextBotMessage((message) => message.text.includes("Your video is ready"), 15_000);
    const fresh = await anna.slash(thread, "new");
    const asked = await fresh.reply();
    expect(asked.text).toContain("Start a new project?");
    anna.press(asked, "Start new");
    await thread.nextBotMessage((message) => message.text.includes("New project started"), 15_000);
    const listed = await anna.slash(thread, "projects");
    expect((await listed.reply()).text).toContain("Your projects");
    expect(discord.violations()).toEqual([]);
  });

  it("/status says for whom it works", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    const { thread } = await editInThread(anna, channel);
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "first" } });
    anna.says(thread, "make it warmer", { mentions: [discord.bot] });
    await nemo.scenario.held("first");
    const status = await bob.slash(thread, "status");
    expect((await status.reply()).text).toContain("⏳ Working for anna.");
    nemo.scenario.release("first");
    expect(discord.violations()).toEqual([]);
  });

  it("/skill suggests what fits the letters so far, in the person's language", async () => {
    const { discord } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    bob.state.locale = "zh-CN";
    const all = await (await anna.autocomplete(channel, "skill", "name", "")).choices();
    expect(all.map((choice) => choice.value)).toEqual(
      expect.arrayContaining(["film-maker", "video-object-ops", "free-image-editing"]),
    );
    const some = await (await anna.autocomplete(channel, "skill", "name", "image")).choices();
    expect(some.map((choice) => choice.value)).toEqual(["free-image-editing"]);
    const chinese = await (await bob.autocomplete(channel, "skill", "name", "film")).choices();
    expect(chinese[0]?.name).toMatch(/\p{Script=Han}/u);
    const chosen = await anna.slash(channel, "skill", { options: { name: "video-object-ops" } });
    expect((await chosen.reply()).text).toContain("Switched to");
  });

  it("answers in the language of the person's client, messages included", async () => {
    const { discord } = await startDiscordScene();
    const { anna, bob, channel } = community(discord);
    anna.state.locale = "zh-CN";
    expect((await (await anna.slash(channel, "help")).reply()).text).toMatch(/\p{Script=Han}/u);
    expect((await (await bob.slash(channel, "help")).reply()).text).not.toMatch(/\p{Script=Han}/u);
    anna.says(channel, "help", { mentions: [discord.bot] });
    const answer = await channel.nextBotMessage((message) => !message.isEphemeral);
    expect(answer.text).toMatch(/\p{Script=Han}/u);
  });

  it("/language wins over the client's", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const chosen = await anna.slash(channel, "language", { options: { language: "zh" } });
    expect((await chosen.reply()).text).toMatch(/\p{Script=Han}/u);
    expect((await (await anna.slash(channel, "help")).reply()).text).toMatch(/\p{Script=Han}/u);
  });
});

describe("a long list of skills", { timeout: 30_000 }, () => {
  it("is a menu that still works after a restart", async () => {
    const dir = await temporaryFolder();
    await cp(SKILLS, dir, { recursive: true });
    const source = await readFile(join(dir, "film-maker.md"), "utf8");
    for (let n = 1; n <= 4; n++) {
      const copy = source.replace(/^name: .*$/m, `name: extra-${n}`).replace(/en: .*$/m, `en: Extra ${n}`);
      await writeFile(join(dir, `extra-${n}.md`), copy);
    }
    const { discord, bot } = await startDiscordScene({ env: { SKILLS_DIR: dir } });
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    anna.says(dm, "skills");
    const list = await dm.nextBotMessage((message) => message.text.includes("Skills"));
    await bot.stop();
    await discord.until(() => discord.gateway.liveSessions === 0, "the goodbye");
    bot.restart();
    await discord.whenReady();
    const chosen = anna.select(list, "menu:skill", ["sk:extra-3"]);
    expect((await chosen.reply()).text).toContain("Switched to");
  });
});

describe("a question of the agent with many options", { timeout: 30_000 }, () => {
  it("is a menu, and what is chosen is the next message", async () => {
    const { discord, nemo } = await startDiscordScene();
    const { anna } = community(discord);
    const options = Array.from({ length: 7 }, (_, at) => ({ id: `o${at}`, label: `Look ${at}` }));
    const question = { questions: [{ id: "q", prompt: "Which look?", options }] };
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "ask", question }] } });
    const dm = discord.dm(anna);
    anna.says(dm, "make it prettier");
    const asked = await dm.nextBotMessage((message) => message.text.includes("Which look?"));
    anna.select(asked, "menu:answer", ["Look 6"]);
    await discord.until(() => nemo.requests("POST /run_sse").length === 2, "the answer");
    expect(JSON.stringify(nemo.requests("POST /run_sse").at(-1)?.json)).toContain("Look 6");
  });
});

describe("a file that cannot be taken", { timeout: 30_000 }, () => {
  it.each([
    [{ name: "notes.pdf", contentType: "application/pdf", sizeBytes: 2_000 }, "I can't edit notes.pdf"],
    [{ name: "huge.mp4", contentType: "video/mp4", sizeBytes: 700 * 1024 * 1024 }, "huge.mp4 is too big"],
  ])("is refused by its size and type before a byte moves: $0.name", async (file, words) => {
    const { discord, nemo } = await startDiscordScene();
    const { anna, channel } = community(discord);
    await anna.slash(channel, "upload", { attachments: { clip: file } });
    const thread = await channel.nextThread();
    await thread.nextBotMessage((message) => message.text.includes(words));
    expect(discord.cdn.downloads).toEqual([]);
    expect(nemo.requests("POST /api/upload-video")).toEqual([]);
  });

  it("does not keep the others from arriving", async () => {
    const { discord } = await startDiscordScene();
    const { anna, channel } = community(discord);
    const bad = { name: "notes.pdf", contentType: "application/pdf", sizeBytes: 2_000 };
    await anna.slash(channel, "upload", { attachments: { clip: bad, clip2: await clip("good.mp4") } });
    const thread = await channel.nextThread();
    await thread.nextBotMessage((message) => message.text.includes("✅ good.mp4"), 15_000);
    expect(thread.botMessages().some((message) => message.text.includes("I can't edit notes.pdf"))).toBe(
      true,
    );
  });
});
