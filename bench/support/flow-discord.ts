/** Mentions, commands and direct messages of Discord, for `bench/flow.ts`. */
import type { FakeChannel } from "../../test/fakes/discord/fake-channel.ts";
import { type FakeDiscord, startFakeDiscord } from "../../test/fakes/discord/fake-discord.ts";
import type { FakeUser } from "../../test/fakes/discord/fake-user.ts";
import type { FileSpec } from "../../test/fakes/discord/files.ts";
import { clipBytes, type Place, type Room, readOnce, type ScreenCall, startBot } from "./flow-place.ts";

/** A channel takes five messages in five seconds. */
const QUESTIONS = 10;
const CALLS_UNTIL_FULL = 5;
/** What Discord itself writes about a thread. */
const SYSTEM_MESSAGES: ReadonlySet<number> = new Set([18, 21]);
const OPTION = { attachment: 11 };
const COMPONENT = { textInput: 4, fileUpload: 19 };
const CALLBACK = { message: 4, deferredMessage: 5 };

type CallRecord = ReturnType<FakeDiscord["calls"]>[number];

export async function startDiscordPlace(kind: "mention" | "/edit" | "DM"): Promise<Place> {
  const discord = await startFakeDiscord({ rateLimits: true });
  const bytes = await clipBytes();
  const bot = await startBot({ DISCORD_BOT_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl }, () =>
    discord.whenReady(),
  ).catch(async (error: unknown) => {
    await discord.stop();
    throw error;
  });
  const user = discord.user({ name: "anna" });
  const guild = discord.guild({ name: "Creators", members: [user] });
  const read = readOnce(readCall, (call: CallRecord) => call.status !== 0);
  let rooms = 0;

  function room(projects: number): Room | null {
    if (kind === "DM" && projects > 1) return null;
    // One person has one DM with the bot.
    const anna = kind === "DM" ? discord.user({ name: `anna-${rooms++}` }) : user;
    guild.join(anna);
    const channel = kind === "DM" ? discord.dm(anna) : guild.textChannel(`videos-${rooms++}`);
    const mentions = kind === "DM" ? [] : [discord.bot];
    const inProject = () => channel.threads()[0] ?? channel;
    return {
      async prepare(words, clips) {
        const files = Array.from({ length: clips }, (_, index) => ({ name: `clip-${index + 1}.mp4`, bytes }));
        if (kind === "/edit") return prepareEdit(discord, anna, channel, words, files);
        return () => anna.says(channel, words, { mentions, attachments: files });
      },
      say(words) {
        if (kind === "/edit") void anna.slash(inProject(), words);
        else anna.says(inProject(), words, { mentions });
      },
      askMuch() {
        for (let count = 0; count < QUESTIONS; count++) anna.says(channel, "help", { mentions });
        return { answers: QUESTIONS, callsUntilFull: CALLS_UNTIL_FULL };
      },
      messagesLeft: () =>
        [channel, ...channel.threads()]
          .flatMap((one) => one.botMessages())
          .filter(({ state }) => !SYSTEM_MESSAGES.has(state.type)).length,
    };
  }

  return {
    name: `Discord ${kind}`,
    nemo: bot.nemo,
    room,
    calls: () => read(discord.calls()),
    async stop() {
      await bot.stop();
      await discord.stop();
    },
  };
}

/** By the command's own options, or by the form that it opens where there are too few of them. */
async function prepareEdit(
  discord: FakeDiscord,
  user: FakeUser,
  channel: FakeChannel,
  words: string,
  files: readonly FileSpec[],
): Promise<(() => unknown) | null> {
  const command = await discord.until(() => discord.commands.find("edit", 1), "the command", 30_000);
  const options = (command.options ?? []) as { type: number; name: string; required?: boolean }[];
  const slots = options.filter(({ type }) => type === OPTION.attachment);
  const prompt = { prompt: words };
  if (files.length <= slots.length) {
    const given = files.map((file, index) => [slots[index]?.name, file]);
    const input = { options: prompt, attachments: Object.fromEntries(given) };
    return () => user.slash(channel, "edit", input);
  }
  // Before there were forms it needs the words, and begins.
  if (options.some(({ required }) => required)) return null;
  const opened = await user.slash(channel, "edit");
  const fields = allFields(await opened.modal());
  const upload = fields.find(({ type }) => type === COMPONENT.fileUpload);
  const text = fields.find(({ type }) => type === COMPONENT.textInput);
  if (!upload || !text || Number(upload.max_values ?? 1) < files.length) return null;
  // Of what there is to choose nothing is changed.
  const choices = fields.flatMap(({ custom_id: id, options: all }) => {
    if (!Array.isArray(all) || all.length === 0) return [];
    const { value } = all.find((one) => one.default === true) ?? all[0];
    return [[String(id), [String(value)]]];
  });
  const values = { [String(upload.custom_id)]: files, [String(text.custom_id)]: words };
  return () => user.submitModal(opened, { ...Object.fromEntries(choices), ...values });
}

/** The fields of a form, wherever they are. */
function allFields(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(allFields);
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(allFields);
  return "custom_id" in value && "type" in value ? [{ ...value }, ...inner] : inner;
}

function readCall(call: CallRecord): ScreenCall | null {
  const kind = kindOf(call);
  if (kind === null) return null;
  return {
    at: call.at,
    kind,
    isRefused: call.status === 429,
    isDone: call.status < 300,
    text: JSON.stringify(call.body ?? null),
    hasFile: call.files.length > 0,
  };
}

/** Null for what no channel shows. */
function kindOf({ method, route, body }: CallRecord): ScreenCall["kind"] | null {
  if (route === null || method === "GET" || /commands$/.test(route)) return null;
  if (/\/callback$/.test(route)) {
    // The fake has checked its shape.
    const { type } = body as { type: number };
    return type === CALLBACK.message || type === CALLBACK.deferredMessage ? "sent" : "signal";
  }
  const isMessage = /\/(messages|webhooks)(\/|$)/.test(route) && !/reactions|threads/.test(route);
  if (!isMessage) return "signal";
  if (method === "POST") return "sent";
  if (method === "PATCH") return "edited";
  return method === "DELETE" ? "removed" : "signal";
}
