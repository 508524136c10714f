import { join } from "node:path";
import { onTestFinished } from "vitest";
import { TelegramAdapter } from "../../../src/adapters/telegram/adapter.ts";
import { createLog } from "../../../src/app/log.ts";
import { NO_METRICS } from "../../../src/app/no-metrics.ts";
import { systemClock } from "../../../src/app/system-clock.ts";
import { loadLocales } from "../../../src/content/locale-files.ts";
import type { MessageSink } from "../../../src/core/ports/chat-platform.ts";
import { createAdapterMemory } from "../../../src/store/adapter-memory.ts";
import { openMemoryStorage } from "../../../src/store/storage.ts";
import { describeGroupPlatform, type GroupStage } from "../../contracts/chat-platform.ts";
import { startTelegram } from "./scene.ts";

const LOCALES = join(import.meta.dirname, "../../../config/locales");
const deafSink: MessageSink = {
  async receive() {},
  putOff() {},
  async revise() {},
  async abandon() {},
};

async function newStage(isBotAdmin: boolean): Promise<GroupStage> {
  const telegram = await startTelegram();
  onTestFinished(() => telegram.stop());
  const [anna, ben, admin] = [telegram.user(), telegram.user(), telegram.user()];
  const own = telegram.privateChat(anna);
  const group = telegram.group({ members: [anna, ben], admins: [admin] });
  if (isBotAdmin) group.promote();
  const question = group.say("/credits@nemobot", { from: anna });
  const adapter = new TelegramAdapter(
    { token: telegram.token, apiRoot: telegram.apiRoot, localFilesDir: null, webhook: null, isShared: false },
    {
      engine: deafSink,
      memory: createAdapterMemory(openMemoryStorage().records, "telegram"),
      locales: await loadLocales(LOCALES),
      clock: systemClock,
      log: await createLog({ level: "silent", secrets: [] }),
      metrics: NO_METRICS,
      http: null,
    },
  );
  onTestFinished(async () => {
    await adapter.stopReceiving();
    await adapter.stopSending();
  });
  await adapter.startSending();
  const target = (chatId: number, details: Record<string, string | number>) => ({
    platform: "telegram",
    conversationId: `telegram:${chatId}`,
    details: { chatId: String(chatId), ...details },
  });
  const all = (messages: ReturnType<typeof group.botMessages>) =>
    messages.map(({ history, buttons }) => [history.map(({ text }) => text), buttons]);
  return {
    platform: adapter.platform,
    group: target(group.id, { replyTo: question.id, userId: String(anna.id) }),
    alone: target(own.id, {}),
    anna: `telegram:${anna.id}`,
    others: { ben: `telegram:${ben.id}`, admin: `telegram:${admin.id}` },
    readByOthers: () => JSON.stringify([all(group.botMessages()), all(group.ephemeralMessages(ben))]),
    readByAnna: () =>
      JSON.stringify([own.botMessages(), group.ephemeralMessages(anna)].map(all)).replaceAll("\\n", "\n"),
    shutAnna() {
      own.kick();
      if (isBotAdmin) group.demote();
    },
    failRights: () => telegram.fail({ method: "getChatMember", status: 502 }),
  };
}

describeGroupPlatform("Telegram", () => newStage(false));
describeGroupPlatform("Telegram with the bot as an admin", () => newStage(true));
