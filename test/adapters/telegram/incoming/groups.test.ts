import { describe, expect, it } from "vitest";
import type { SeenMessage } from "../../../fakes/telegram/players.ts";
import { unsealedContents } from "../../../support/stored.ts";
import { clipBytes } from "../../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene, until } from "../scene.ts";

/** All that the bot has kept, once it has stopped. */
async function everythingStored(scene: TelegramScene): Promise<string> {
  await scene.bot.stop();
  return unsealedContents(scene.bot.dataDir);
}

describe.concurrent("in a group the bot", () => {
  it("answers a command, a mention, a reply to it and a caption that mentions it", async () => {
    await using scene = await startTelegramScene();
    const group = scene.telegram.group();
    group.say("/help@nemobot");
    const help = await group.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    group.say("@NemoBot skills");
    await group.nextBotMessage((message) => message.text.startsWith("Skills"), PATIENTLY);
    group.say("language", { replyTo: help.id });
    await group.nextBotMessage((message) => message.text.includes("Which language"), PATIENTLY);
    group.sendFile({
      kind: "video",
      bytes: await clipBytes(),
      caption: '@nemobot add the title "Hello"',
    });
    await group.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    expect(scene.turns()).toEqual(['add the title "Hello"']);
  });

  it("hangs its answer below the question", async () => {
    await using scene = await startTelegramScene();
    const group = scene.telegram.group();
    const question = group.say("@nemobot help");
    const answer = await group.nextBotMessage();
    expect(answer.replyToId).toBe(question.id);
  });

  it("leaves alone what is not for it, and stores none of it", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const group = telegram.group({ privacyMode: false });
    const secret = "PurpleElephantDinner";
    group.say(`let us meet at ${secret}`);
    group.say(`/help@other_bot ${secret}`);
    group.say(`@somebody_else make a video of ${secret}`);
    group.sendFile({ kind: "video", name: `${secret}.mp4`, sizeBytes: 2_000, caption: secret });
    group.sendAlbum(
      [
        { kind: "photo", sizeBytes: 2_000 },
        { kind: "video", name: `${secret}.mp4`, sizeBytes: 2_000 },
      ],
      { caption: secret },
    );
    const said = group.say("hello");
    group.edit(said.id, secret);
    await telegram.allConfirmed(PATIENTLY);
    // Something is stored at last, so that there is a file to look into.
    group.say("@nemobot make a video of the sea");
    await group.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    const stored = await everythingStored(scene);
    expect(stored).toMatch(/^conversation:.*film-maker/m);
    expect(stored).not.toContain(secret);
    expect(scene.bot.log).not.toContain(secret);
    expect(scene.uploads()).toEqual([]);
    expect(group.botMessages().every((message) => message.replyToId !== said.id)).toBe(true);
  });

  it("stores nothing of an album that is not for it when it comes by webhook either", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    const group = scene.telegram.group({ privacyMode: false });
    const secret = "PurpleElephantDinner";
    group.sendAlbum(
      [
        { kind: "photo", sizeBytes: 2_000 },
        { kind: "video", name: `${secret}.mp4`, sizeBytes: 2_000 },
      ],
      { caption: secret },
    );
    await scene.telegram.allConfirmed(PATIENTLY);
    group.say("@nemobot make a video of the sea");
    await group.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    const stored = await everythingStored(scene);
    expect(stored).toMatch(/^(?:telegram|seen):/m);
    expect(stored).not.toContain(secret);
  });

  it("keeps a session for each group and for each person's own chat", async () => {
    await using scene = await startTelegramScene();
    const { telegram } = scene;
    const anna = telegram.user({ first_name: "Anna" });
    const chats = [
      telegram.group({ members: [anna] }),
      telegram.group({ members: [anna] }),
      telegram.privateChat(anna),
    ];
    for (const [index, chat] of chats.entries()) {
      chat.say(`@nemobot add the title "Number ${index}"`);
      await until(() => scene.turns().length === index + 1);
    }
    const sessions = scene.nemo
      .requests("POST /run_sse")
      .map(({ json }) => (json as { session_id: string }).session_id);
    expect(new Set(sessions).size).toBe(3);
    const [first] = chats;
    first?.say("@nemobot status");
    const status = await first?.nextBotMessage((message) => message.text.includes("Timeline"), PATIENTLY);
    expect(status?.text).not.toContain("Number 1");
  });

  it("says in the status for whom it works, and mentions nobody", async () => {
    await using scene = await startTelegramScene();
    const { telegram, nemo } = scene;
    const [author, other] = [telegram.user({ first_name: "@anna", last_name: "Lee" }), telegram.user()];
    const group = telegram.group({ members: [author, other] });
    scene.holdTurn("first");
    group.say("@nemobot make a video of the sea", { from: author });
    await nemo.scenario.held("first");
    group.say("@nemobot status", { from: other });
    await group.nextBotMessage((message) => message.text.includes("⏳ Working for anna Lee."), PATIENTLY);
    nemo.scenario.release("first");
    await group.nextBotMessage((message) => message.text.includes("All done."), PATIENTLY);
  });

  it("lets only the author or an admin cancel, by button and by word", async () => {
    await using scene = await startTelegramScene();
    const { telegram, nemo } = scene;
    const [author, other, admin] = [telegram.user(), telegram.user(), telegram.user()];
    const group = telegram.group({ members: [author, other], admins: [admin] });
    const wait = async (name: string) => {
      scene.holdTurn(name);
      group.say("@nemobot make a video of the sea", { from: author });
      await nemo.scenario.held(name);
    };
    const isRefused = (message: { text: string }) => message.text.includes("Only the person who started");
    const isStopped = (message: { text: string }) => message.text.includes("I stopped waiting");
    await wait("first");
    group.say("/cancel", { from: other });
    await group.nextBotMessage(isRefused, PATIENTLY);
    group.say("@nemobot cancel", { from: admin });
    await group.nextBotMessage(isStopped, PATIENTLY);
    await wait("second");
    group.say("@nemobot cancel", { from: author });
    await group.nextBotMessage(isStopped, PATIENTLY);
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "rendering" } });
    group.sendFile({ kind: "video", sizeBytes: 2_000, caption: "@nemobot export", from: author });
    await nemo.scenario.held("rendering");
    const isStoppable = (message: SeenMessage) =>
      message.buttons.flat().some((button) => button.text === "Stop the export");
    const running = await group.nextBotMessage(isStoppable, PATIENTLY);
    group.press(running, "Stop the export", { from: other });
    await group.nextBotMessage(isRefused, PATIENTLY);
    group.press(running, "Stop the export", { from: admin });
    await group.nextBotMessage((message) => message.text.includes("I stopped the export"), PATIENTLY);
    nemo.scenario.release("rendering");
    expect(telegram.violations()).toEqual([]);
  }, 60_000);
});

describe.concurrent("the bot that comes into a group", () => {
  it("says once how to talk to it, in the language of who brought it", async () => {
    await using scene = await startTelegramScene();
    const anna = scene.telegram.user({ language_code: "zh" });
    const group = scene.telegram.group({ members: [anna, {}] });
    group.leave();
    const joined = group.addBot(anna);
    const hello = await group.nextBotMessage((message) => message.text.includes("大家好"), PATIENTLY);
    expect(hello.text).toContain("@nemobot");
    group.promote();
    group.demote();
    await scene.restart();
    if (joined !== null) scene.telegram.redeliver(joined);
    group.say("@nemobot help", { from: anna });
    await group.nextBotMessage((message) => message.text.includes("/export"), PATIENTLY);
    expect(group.botMessages()).toHaveLength(2);
    expect(scene.nemo.requests("POST /")).toEqual([]);
  });

  it("says nothing to a person who takes it back", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat();
    chat.kick();
    chat.addBot();
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("/export"), PATIENTLY);
    expect(chat.botMessages()).toHaveLength(1);
  });
});

describe.concurrent("in a forum", () => {
  it("each topic is a conversation of its own, and every answer stays in it", async () => {
    await using scene = await startTelegramScene({ env: { STILL_WORKING_MS: "300" } });
    const { telegram, nemo } = scene;
    const forum = telegram.forum({ topics: ["Trailers", "Clips"] });
    const [trailers, clips] = forum.topics;
    scene.holdTurn("trailer");
    forum.say("@nemobot make a video of the sea", { topic: "Trailers" });
    await nemo.scenario.held("trailer");
    await forum.nextBotMessage((message) => message.text.includes("Still working"), PATIENTLY);
    forum.sendFile({
      kind: "video",
      bytes: await clipBytes(),
      caption: '@nemobot add the title "Hello"',
      topic: "Clips",
    });
    // The turn of one topic does not hold up the other one.
    await forum.nextBotMessage((message) => message.text.includes("I added the title"), PATIENTLY);
    forum.say("@nemobot help");
    await forum.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    nemo.scenario.release("trailer");
    const isDone = ({ text }: { text: string }) => text === "All done.";
    await forum.waitFor(() => forum.botMessages().some(isDone), PATIENTLY);
    forum.say("@nemobot export", { topic: "Clips" });
    await forum.nextBotMessage((message) => message.file !== null, PATIENTLY);

    const topicOf = (words: RegExp) => [
      ...new Set(
        forum
          .botMessages()
          .filter(({ history }) => history.some(({ text }) => words.test(text)))
          .map(({ topicId }) => topicId),
      ),
    ];
    expect(topicOf(/All done/)).toEqual([trailers?.id]);
    // The other topic's work may have taken long enough to say so too, but only there.
    expect(topicOf(/Still working/)).toContain(trailers?.id);
    expect(topicOf(/Still working/)).not.toContain(null);
    expect(topicOf(/clip\.mp4|the title|Rendering|Your video is ready/)).toEqual([clips?.id]);
    expect(topicOf(/Commands/)).toEqual([null]);
    expect(scene.sessions).toBe(2);
    expect(telegram.violations()).toEqual([]);
    expect(scene.bot.logged(50)).toEqual([]);
  }, 60_000);

  it.each(["deleted", "closed"] as const)("an answer comes to General when its topic was %s", async (how) => {
    await using scene = await startTelegramScene();
    const forum = scene.telegram.forum({ topics: ["Trailers"] });
    const [topic] = forum.topics;
    scene.holdTurn("trailer");
    forum.say("@nemobot make a video of the sea", { topic: "Trailers" });
    await scene.nemo.scenario.held("trailer");
    if (how === "deleted") forum.deleteTopic(topic?.id ?? 0);
    else forum.closeTopic(topic?.id ?? 0);
    scene.nemo.scenario.release("trailer");
    const answer = await forum.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    expect(answer.topicId).toBeNull();
    expect(forum.botMessages().filter((message) => message.text === "All done.")).toHaveLength(1);
  });

  it("General is the group itself, with its number for typing alone", async () => {
    await using scene = await startTelegramScene();
    const forum = scene.telegram.forum({ topics: ["Clips"] });
    scene.holdTurn("general");
    forum.say("@nemobot make a video of the sea");
    await scene.nemo.scenario.held("general");
    await until(() => forum.actions().length > 0);
    expect(forum.actions()[0]).toMatchObject({ action: "typing", threadId: 1 });
    scene.nemo.scenario.release("general");
    const answer = await forum.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    expect(answer.topicId).toBeNull();
  });

  it("buttons act in the topic they hang in", async () => {
    await using scene = await startTelegramScene();
    const forum = scene.telegram.forum({ topics: ["Clips"] });
    forum.say("@nemobot help", { topic: "Clips" });
    const help = await forum.nextBotMessage();
    forum.press(help, "Skills");
    const skills = await forum.nextBotMessage((message) => message.text.startsWith("Skills"), PATIENTLY);
    expect(skills.topicId).toBe(forum.topics[0]?.id);
  });
});

describe.concurrent("a private chat with topics", () => {
  it("keeps its topics apart too", async () => {
    await using scene = await startTelegramScene();
    const chat = scene.telegram.privateChat({ topics: ["Trailers"] });
    chat.say("make a video of the sea", { topic: "Trailers" });
    const answer = await chat.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    expect(answer.topicId).toBe(chat.topics[0]?.id);
    chat.say("status");
    const status = await chat.nextBotMessage((message) => message.text.includes("timeline"), PATIENTLY);
    expect(status.text).toContain("The timeline is empty");
    expect(status.topicId).toBeNull();
  });
});
