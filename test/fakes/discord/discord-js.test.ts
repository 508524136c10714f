import { createRequire } from "node:module";
import {
  Client,
  Events,
  GatewayIntentBits,
  type Interaction,
  LabelBuilder,
  type Message,
  ModalBuilder,
  Partials,
  TextInputBuilder,
  TextInputStyle,
} from "discord.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FakeChannel } from "./fake-channel.ts";
import { type FakeDiscord, startFakeDiscord } from "./fake-discord.ts";
import type { FakeGuild } from "./fake-guild.ts";
import type { FakeUser } from "./fake-user.ts";

// discord.js itself as the bot: what the library accepts from the fake, a bot made with it will.
// Its own undici: where another version came first in this process, that one's connections do not take its forms.
const { Agent } = createRequire(import.meta.resolve("@discordjs/rest"))("undici");

// The library waits five seconds before it identifies again, so a busy machine needs more than the usual time.
describe("discord.js 14 on the fake", { timeout: 40_000 }, () => {
  let fake: FakeDiscord;
  let client: Client;
  let guild: FakeGuild;
  let channel: FakeChannel;
  let ann: FakeUser;

  const connect = async (options: Parameters<typeof startFakeDiscord>[0] = {}, intents: number[] = []) => {
    fake = await startFakeDiscord(options);
    ann = fake.user({ name: "ann", locale: "zh-CN" });
    guild = fake.guild({ name: "studio", members: [ann], locale: "en-US" });
    channel = guild.textChannel();
    client = new Client({
      intents: [
        GatewayIntentBits.Guilds,
        GatewayIntentBits.GuildMessages,
        GatewayIntentBits.DirectMessages,
        ...intents,
      ],
      partials: [Partials.Channel, Partials.Message],
      allowedMentions: { parse: [] },
      rest: { api: fake.apiUrl, agent: new Agent() },
    });
    client.on(Events.Error, () => {});
  };

  const login = async () => {
    const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()));
    await client.login(fake.token);
    await ready;
  };

  beforeEach(() => connect());

  afterEach(async () => {
    await client.destroy();
    await fake.stop();
  });

  it("logs in, knows its guild, and answers a mention with a file and buttons", async () => {
    await login();
    expect(client.guilds.cache.map((one) => one.name)).toEqual(["studio"]);
    client.on(Events.MessageCreate, async (message: Message) => {
      if (message.author.bot) return;
      await message.reply({
        content: `got ${message.attachments.size} from ${message.author.username}`,
        files: [{ attachment: Buffer.from("film"), name: "cut.mp4" }],
        components: [{ type: 1, components: [{ type: 2, style: 1, customId: "export", label: "Export" }] }],
        nonce: message.id,
        enforceNonce: true,
      });
    });
    const said = ann.says(channel, "cut this", { mentions: [fake.bot], attachments: [{ sizeBytes: 3000 }] });
    const reply = await channel.nextBotMessage();
    expect(reply.text).toBe("got 1 from ann");
    expect(reply.replyTo).toBe(said.id);
    expect(reply.files.map((file) => [file.name, file.bytes().toString()])).toEqual([["cut.mp4", "film"]]);
    expect(reply.buttons).toMatchObject([{ label: "Export", customId: "export" }]);
    expect(fake.violations()).toEqual([]);
  });

  it("hears DMs, and reads nothing that was not said to it", async () => {
    await login();
    const heard: string[] = [];
    client.on(Events.MessageCreate, (message) => heard.push(message.content));
    ann.says(channel, "secret");
    ann.says(fake.dm(ann), "private");
    await expect.poll(() => heard).toEqual(["", "private"]);
  });

  it("registers commands and answers them: deferred, by modal, by autocomplete, by button", async () => {
    await login();
    await client.application?.commands.set([
      {
        name: "edit",
        description: "Edit a video",
        options: [
          { type: 3, name: "prompt", description: "What to do", required: true, autocomplete: true },
          { type: 11, name: "clip", description: "A video" },
        ],
        integrationTypes: [0, 1],
        contexts: [0, 1, 2],
      },
      { type: 3, name: "Edit this video", integrationTypes: [0, 1], contexts: [0, 1, 2] },
    ]);
    client.on(Events.InteractionCreate, (interaction) => void handle(interaction));

    const typed = await ann.autocomplete(channel, "edit", "prompt", "cu");
    expect(await typed.choices()).toEqual([{ name: "cut", value: "cut" }]);

    const used = await ann.slash(channel, "edit", {
      options: { prompt: "cut" },
      attachments: { clip: { name: "a.mp4", sizeBytes: 42 } },
    });
    const answer = await used.reply();
    expect(answer.content).toBe("cut a.mp4 of 42 bytes in zh-CN");
    expect([used.isEphemeral, used.followUps.length]).toEqual([true, 0]);

    const pressed = ann.press(answer, "More");
    const submitted = await ann.submitModal(pressed, { "What next?": "a title" });
    expect((await submitted.reply()).content).toBe("next: a title");

    const target = ann.says(channel, "look", { attachments: [{ name: "b.mp4" }] });
    const menu = await ann.contextMenu(target, "Edit this video");
    expect((await menu.reply()).content).toBe("b.mp4");
    expect(fake.violations()).toEqual([]);
  });

  it("waits out a 429 and sends once", async () => {
    await login();
    fake.flood({ routes: "POST /channels/:channel/messages", times: 1, retryAfterS: 0.05 });
    const text = await client.channels.fetch(channel.id);
    if (!text?.isSendable()) throw new Error("not sendable");
    await text.send({ content: "patient", nonce: "1", enforceNonce: true });
    expect(channel.botMessages()).toHaveLength(1);
    expect(fake.calls("POST /channels/:channel/messages").map((call) => call.status)).toEqual([429, 200]);
    expect(fake.violations()).toEqual([]);
  });

  it("opens a thread from a message and writes in it", async () => {
    await login();
    const said = ann.says(channel, "cut", { mentions: [fake.bot] });
    const text = await client.channels.fetch(channel.id);
    if (text === null || !("messages" in text)) throw new Error("no messages");
    const message = await text.messages.fetch(said.id);
    const thread = await message.startThread({ name: "cut", autoArchiveDuration: 1440 });
    await thread.send({ content: "here we go", nonce: "1", enforceNonce: true });
    const opened = await channel.nextThread();
    expect(opened.messages().map((one) => one.content)).toEqual(["", "here we go"]);
  });

  it.each<[string, () => void]>([
    ["a cut line", () => fake.gateway.dropConnection()],
    ["a close that allows it", () => fake.gateway.dropConnection(4000)],
    ["a request to reconnect", () => fake.gateway.requestReconnect()],
  ])("resumes after %s and misses nothing", async (_, disturb) => {
    await login();
    const heard: string[] = [];
    client.on(Events.MessageCreate, (message) => heard.push(message.content));
    disturb();
    ann.says(fake.dm(ann), "did you hear?");
    await expect.poll(() => heard, { timeout: 15_000 }).toEqual(["did you hear?"]);
    await expect.poll(() => fake.gateway.resumes, { timeout: 15_000 }).toBe(1);
    expect(fake.gateway.identifies).toBe(1);
  });

  it("identifies again after an invalid session", async () => {
    await login();
    fake.gateway.invalidSession(false);
    await expect.poll(() => fake.gateway.identifies, { timeout: 15_000 }).toBe(2);
  });

  it("is refused a privileged intent that is not granted", async () => {
    await client.destroy();
    await fake.stop();
    await connect({}, [GatewayIntentBits.MessageContent]);
    await expect(client.login(fake.token)).rejects.toThrow("disallowed intents");
  });

  it("notices a kick and a wrong token", async () => {
    await login();
    const left = new Promise((resolve) => client.once(Events.GuildDelete, (one) => resolve(one.id)));
    guild.kickBot();
    expect(await left).toBe(guild.id);
    await expect(client.channels.fetch(channel.id)).rejects.toMatchObject({ code: 50001, status: 403 });
    const other = new Client({ intents: [], rest: { api: fake.apiUrl } });
    await expect(other.login(["not", "the", "token"].join("."))).rejects.toThrow("invalid token");
  });
});

async function handle(interaction: Interaction): Promise<void> {
  if (interaction.isAutocomplete()) {
    await interaction.respond([{ name: "cut", value: "cut" }]);
  } else if (interaction.isChatInputCommand()) {
    await interaction.deferReply({ flags: 64 });
    const clip = interaction.options.getAttachment("clip", true);
    const prompt = interaction.options.getString("prompt", true);
    await interaction.editReply({
      content: `${prompt} ${clip.name} of ${clip.size} bytes in ${interaction.locale}`,
      components: [{ type: 1, components: [{ type: 2, style: 1, customId: "more", label: "More" }] }],
    });
  } else if (interaction.isButton()) {
    const input = new TextInputBuilder().setCustomId("prompt").setStyle(TextInputStyle.Paragraph);
    const label = new LabelBuilder().setLabel("What next?").setTextInputComponent(input);
    await interaction.showModal(
      new ModalBuilder().setCustomId("next").setTitle("Next").addLabelComponents(label),
    );
  } else if (interaction.isModalSubmit()) {
    await interaction.reply(`next: ${interaction.fields.getTextInputValue("prompt")}`);
  } else if (interaction.isMessageContextMenuCommand()) {
    await interaction.reply({ content: interaction.targetMessage.attachments.map((one) => one.name).join() });
  }
}
