import { describe, expect, it } from "vitest";
import { startAdapterScene } from "../adapters.ts";
import { community } from "../scene.ts";

const HOUR_MS = 3_600_000;

/** A process that has answered in a direct message and ended, and what was said to it afterwards. */
async function saidAfterTheEnd() {
  const scene = await startAdapterScene();
  const { discord, inbox, adapter } = scene;
  const { anna } = community(discord);
  const dm = discord.dm(anna);
  const first = await adapter();
  await first.start();
  anna.says(dm, "one");
  await inbox.next();
  await first.stopReceiving();
  await first.stopSending();
  anna.says(dm, "two");
  return { ...scene, anna, dm };
}

describe("the look back of a process that starts", { timeout: 30_000 }, () => {
  it("finds what was said almost two days ago", async () => {
    const { inbox, adapter } = await saidAfterTheEnd();
    await (await adapter({ now: () => Date.now() + 46 * HOUR_MS })).start();
    await inbox.next((message) => message.text === "two");
    expect(inbox.texts()).toEqual(["one", "two"]);
  });

  it("leaves out what the core may have forgotten", async () => {
    const { discord, inbox, adapter, anna, dm } = await saidAfterTheEnd();
    await (await adapter({ now: () => Date.now() + 47 * HOUR_MS })).start();
    await discord.until(() => discord.calls("GET /channels/:channel/messages").length > 0, "the look");
    // Comes after whatever the look has found.
    anna.says(dm, "three");
    await inbox.next((message) => message.text === "three");
    expect(inbox.texts()).toEqual(["one", "three"]);
  });

  it("does not offer again what was owned while its place could not be written down", async () => {
    const { discord, store, inbox, adapter } = await startAdapterScene();
    const { anna } = community(discord);
    const dm = discord.dm(anna);
    const first = await adapter();
    await first.start();
    anna.says(dm, "one");
    await inbox.next();
    store.refuses = (key) => key.startsWith("served:");
    anna.says(dm, "two");
    await expect.poll(() => store.refused).toBeGreaterThan(0);
    store.refuses = () => false;
    await first.stopReceiving();
    await first.stopSending();
    inbox.received.length = 0;
    await (await adapter()).start();
    await discord.until(() => discord.calls("GET /channels/:channel/messages").length > 0, "the look");
    anna.says(dm, "three");
    await inbox.next((message) => message.text === "three");
    expect(inbox.texts()).toEqual(["three"]);
  });
});
