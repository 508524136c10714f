/** Private chats, groups and forums of Telegram, for `bench/flow.ts`. */
import { type FakeTelegram, startFakeTelegram } from "../../test/fakes/telegram/fake-telegram.ts";
import { clipBytes, type Place, type Room, readOnce, type ScreenCall, startBot } from "./flow-place.ts";

/** About what a group takes in a minute. */
const QUESTIONS = 20;
const CALLS_UNTIL_FULL = 18;

type RecordedCall = ReturnType<FakeTelegram["calls"]>[number];

export async function startTelegramPlace(kind: "private" | "group" | "forum"): Promise<Place> {
  const telegram = await startFakeTelegram({ rates: true, pollTimeoutCapMs: 5_000 });
  const bytes = await clipBytes();
  const bot = await startBot(
    { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.apiRoot },
    () => telegram.waitFor(() => telegram.isPolled, { what: "the bot", timeoutMs: 30_000 }),
  ).catch(async (error: unknown) => {
    await telegram.stop();
    throw error;
  });
  const read = readOnce(readCall, (call: RecordedCall) => call.status !== null);

  function chatWith(topics: readonly string[]) {
    if (kind === "private") return telegram.privateChat({ topics });
    // Without privacy mode: else nine files of an album do not reach the bot.
    return kind === "group"
      ? telegram.group({ privacyMode: false })
      : telegram.forum({ privacyMode: false, topics });
  }

  function room(projects: number): Room | null {
    if (kind === "group" && projects > 1) return null;
    // In private a single project needs no topic.
    const topics = kind === "forum" || projects > 1 ? names("Topic", projects) : [];
    const chat = chatWith(topics);
    const mention = kind === "private" ? "" : `@${telegram.bot.username} `;
    const topicOf = (project: number) => {
      const topic = topics[project];
      return topic === undefined ? {} : { topic };
    };
    return {
      async prepare(words, clips, project) {
        const files = names("clip", clips).map((name) => ({
          kind: "video" as const,
          bytes,
          name: `${name}.mp4`,
        }));
        const said = { caption: mention + words, ...topicOf(project) };
        const [only] = files;
        if (only && files.length === 1) return () => chat.sendFile({ ...only, ...said });
        return () => chat.sendAlbum(files, said);
      },
      say: (words) => void chat.say(mention + words, topicOf(0)),
      askMuch() {
        for (let count = 0; count < QUESTIONS; count++) chat.say(`${mention}help`, topicOf(0));
        return { answers: QUESTIONS, callsUntilFull: CALLS_UNTIL_FULL };
      },
      messagesLeft: () => chat.botMessages().length,
    };
  }

  return {
    name: `Telegram ${kind}`,
    nemo: bot.nemo,
    room,
    calls: () => read(telegram.calls()),
    async stop() {
      await bot.stop();
      await telegram.stop();
    },
  };
}

function readCall({ method, params, files, at, status }: RecordedCall): ScreenCall | null {
  const kind = kindOf(method);
  if (kind === null) return null;
  return {
    at,
    kind,
    isRefused: status === 429,
    isDone: status === 200,
    text: JSON.stringify(params),
    hasFile: Object.keys(files).length > 0,
  };
}

/** Null for what no chat shows. */
function kindOf(method: string): ScreenCall["kind"] | null {
  if (/^(send.*(draft|action)|answer|setMessageReaction|(create|edit|close)ForumTopic)/i.test(method))
    return "signal";
  if (/^(send|copy|forward)/.test(method)) return "sent";
  if (method.startsWith("edit")) return "edited";
  return /^deleteMessages?$/.test(method) ? "removed" : null;
}

function names(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${word}-${index + 1}`);
}
