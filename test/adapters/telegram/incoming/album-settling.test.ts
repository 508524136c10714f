/** How long an album is waited for by polling, with answers of Telegram that are slow. */
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { createProcess, sharedMemory, telegramForTest } from "../processes.ts";
import { PATIENTLY, until } from "../scene.ts";

const TRIP_MS = 100;
/** Of a busy machine. */
const ROOM_MS = 300;

async function startPolling() {
  const telegram = await telegramForTest();
  telegram.slow("getUpdates", TRIP_MS);
  const bot = await createProcess(telegram, sharedMemory());
  await bot.adapter.start();
  await telegram.waitFor(() => telegram.isPolled);
  return { telegram, ...bot };
}

it("an album is whole a second after its newest part, and its chat goes on in order", async () => {
  const { telegram, sink } = await startPolling();
  const chat = telegram.privateChat();
  const startedAt = Date.now();
  chat.sendAlbum([1_000, 1_001, 1_002].map((sizeBytes) => ({ kind: "video", sizeBytes })));
  chat.say("make it short");
  await until(() => sink.received.length === 2);
  expect(Date.now() - startedAt).toBeLessThan(1_000 + 2 * TRIP_MS + ROOM_MS);
  expect(sink.received.map((message) => message.attachments.length)).toEqual([3, 0]);
  await telegram.allConfirmed(PATIENTLY);
});

it("an album that goes on coming is taken 1.2 seconds after its first part", async () => {
  const { telegram, sink } = await startPolling();
  const chat = telegram.privateChat();
  const startedAt = Date.now();
  for (let part = 0; part < 9 && sink.received.length === 0; part++) {
    chat.sendFile({ kind: "video", sizeBytes: 1_000 + part, mediaGroupId: "14000000000000001" });
    await wait(200);
  }
  await until(() => sink.received.length > 0);
  expect(Date.now() - startedAt).toBeLessThan(1_200 + 2 * TRIP_MS + ROOM_MS);
  await telegram.allConfirmed(PATIENTLY);
});

it("an album of ten is whole at once", async () => {
  const { telegram, sink } = await startPolling();
  const chat = telegram.privateChat();
  const startedAt = Date.now();
  chat.sendAlbum(Array.from({ length: 10 }, (_, part) => ({ kind: "video", sizeBytes: 1_000 + part })));
  await until(() => sink.received.length === 1);
  expect(Date.now() - startedAt).toBeLessThan(3 * TRIP_MS + ROOM_MS);
  expect(sink.received[0]?.attachments).toHaveLength(10);
});
