import { describe, expect, it } from "vitest";
import { clipBytes } from "../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, until } from "./scene.ts";

describe.concurrent("a group that becomes a supergroup", () => {
  it.for<[signal: string, isAnnounced: boolean]>([
    ["its service messages", true],
    ["the error of the next call", false],
  ])("keeps its project and gets the answer of a running turn, by %s", async ([, isAnnounced]) => {
    await using scene = await startTelegramScene();
    const group = scene.telegram.group();
    group.sendFile({ kind: "video", bytes: await clipBytes(), caption: '@nemobot add the title "Before"' });
    await group.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    scene.holdTurn("moving");
    group.say("@nemobot make it shorter");
    await scene.nemo.scenario.held("moving");
    group.migrateToSupergroup({ isAnnounced });
    if (isAnnounced) await scene.telegram.allConfirmed();
    scene.nemo.scenario.release("moving");
    await group.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    group.say("@nemobot status");
    const status = await group.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    expect(status.text).toContain("Before");
    expect(scene.sessions).toBe(1);
    expect(group.botMessages().filter((message) => message.text === "All done.")).toHaveLength(1);
    expect(scene.bot.logged(50)).toEqual([]);
  });

  it("gets the video of a running export, once", async () => {
    await using scene = await startTelegramScene();
    const group = scene.telegram.group();
    group.sendFile({ kind: "video", bytes: await clipBytes(), caption: '@nemobot add the title "Before"' });
    await group.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    scene.nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "rendering" } });
    group.say("@nemobot export");
    await scene.nemo.scenario.held("rendering");
    await group.nextBotMessage((message) => message.text.includes("Rendering"), PATIENTLY);
    group.migrateToSupergroup();
    scene.nemo.scenario.release("rendering");
    const video = await group.nextBotMessage((message) => message.file !== null, PATIENTLY);
    expect(video.text).toContain("Your video is ready");
    expect(group.botMessages().filter((message) => message.file !== null)).toHaveLength(1);
  });

  it("does not have an answer hang below, or take the place of, a message that has the same number there", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "300" } });
    const group = scene.telegram.group();
    scene.holdTurn("moving");
    group.say("@nemobot make a video of the sea");
    const progress = await group.nextBotMessage(
      (message) => message.text.includes("Still working"),
      PATIENTLY,
    );
    group.migrateToSupergroup();
    // A supergroup counts its messages from one; people talk until those of before are taken again.
    group.say("@nemobot help");
    await group.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    let newest = 0;
    while (newest <= progress.id) newest = group.say("Hello!").id;
    scene.nemo.scenario.release("moving");
    const answer = await group.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    expect(answer.replyToId).toBeNull();
    expect(group.botMessages().filter((message) => message.text.includes("Commands"))).toHaveLength(1);
    expect(scene.telegram.violations()).toEqual([]);
  });
});

describe.concurrent("a chat that is gone", () => {
  it("has its turn stop quietly when the bot is removed from the group", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "300" } });
    const group = scene.telegram.group();
    scene.holdTurn("running");
    group.say("@nemobot make a video of the sea");
    await scene.nemo.scenario.held("running");
    group.say("@nemobot make it shorter");
    await group.nextBotMessage((message) => message.text.includes("in the queue"), PATIENTLY);
    group.kick();
    await until(() => scene.bot.log.includes("a chat is gone"));
    scene.nemo.scenario.release("running");
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the mountains");
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    expect(scene.turns()).toEqual(["make a video of the sea", "make a video of the mountains"]);
    expect(scene.bot.logged(50)).toEqual([]);
    await expectSilence(scene, group.id);
  });

  it("has its export stop quietly when the person blocks the bot", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the sea");
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    scene.nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "rendering" } });
    chat.say("export");
    await scene.nemo.scenario.held("rendering");
    chat.kick();
    await until(() => scene.bot.log.includes("a chat is gone"));
    scene.nemo.scenario.release("rendering");
    const other = scene.telegram.privateChat();
    other.say("make a video of the mountains");
    await other.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    expect(scene.telegram.calls("sendVideo")).toEqual([]);
    expect(scene.bot.logged(50)).toEqual([]);
    await expectSilence(scene, chat.id);
  });

  it("has its work stop when only a refused call tells of it, in a topic too", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "300" } });
    const forum = scene.telegram.forum({ topics: ["Clips"] });
    scene.holdTurn("running");
    forum.say("@nemobot make a video of the sea", { topic: "Clips" });
    await scene.nemo.scenario.held("running");
    forum.kick();
    await until(() => scene.bot.log.includes(`"conversation":"telegram:${forum.id}:${forum.topics[0]?.id}"`));
    const other = scene.telegram.privateChat();
    other.say("make a video of the mountains");
    await other.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    expect(scene.bot.logged(50)).toEqual([]);
    await expectSilence(scene, forum.id);
  });

  it("is a conversation again when the person comes back", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.say("make a video of the sea");
    await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    chat.kick();
    await until(() => scene.bot.log.includes("a chat is gone"));
    chat.addBot();
    chat.say("status");
    await chat.nextBotMessage((message) => message.text.includes("Timeline ("), PATIENTLY);
    expect(scene.sessions).toBe(1);
  });
});

/** A last word to a chat that is gone may be refused, but it is not said again and again. */
async function expectSilence(
  scene: Awaited<ReturnType<typeof startTelegramScene>>,
  chatId: number,
): Promise<void> {
  const other = scene.telegram.privateChat();
  other.say("make a video of the moon");
  await other.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
  other.say("help");
  await other.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
  const refused = scene.telegram
    .calls()
    .filter((call) => call.params.chat_id === chatId && call.status === 403)
    .map((call) => call.method);
  expect(refused.length).toBeLessThanOrEqual(4);
}
