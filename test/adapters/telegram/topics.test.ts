/** Topics in private chats: each project is one. */
import { describe, expect, it } from "vitest";
import { clipBytes } from "../../support/test-chat.ts";
import { PATIENTLY, startTelegramScene, type TelegramScene, until } from "./scene.ts";

const TOPICS = { telegram: { hasPrivateTopics: true } };
const TITLE = 'add the title "Hello"';

async function editOutside(scene: TelegramScene, words = TITLE) {
  const chat = scene.telegram.privateChat();
  const said = chat.sendFile({ kind: "video", bytes: await clipBytes(), caption: words });
  const answer = await chat.nextBotMessage(
    (message) => message.text.includes("I added the title"),
    PATIENTLY,
  );
  const topic = chat.topics.find(({ id }) => id === answer.topicId);
  return { chat, said, answer, topic };
}

describe.concurrent("a private chat with topics", () => {
  it("has a topic for the project that a message outside begins, named after it, and all goes on there", async () => {
    await using scene = await startTelegramScene(TOPICS);
    const { chat, topic } = await editOutside(scene);
    expect(topic?.name).toBe(TITLE);
    expect(chat.botMessages().map(({ topicId }) => topicId)).toEqual(
      chat.botMessages().map(() => topic?.id ?? 0),
    );
    expect(chat.actions().every(({ threadId }) => threadId === topic?.id)).toBe(true);
    chat.say("export", { topic: topic?.id ?? 0 });
    const video = await chat.nextBotMessage((message) => message.file !== null, PATIENTLY);
    expect(video.topicId).toBe(topic?.id);
    expect(chat.topics).toHaveLength(1);
    expect(scene.sessions).toBe(1);
  });

  it("gets one topic for a message that comes again, also after a restart", async () => {
    await using scene = await startTelegramScene(TOPICS);
    const { chat } = await editOutside(scene);
    await scene.restart();
    const [update] = scene.telegram.updates();
    if (update) scene.telegram.redeliver(update.update_id);
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("/export"), PATIENTLY);
    expect(chat.topics).toHaveLength(1);
    expect(scene.turns()).toHaveLength(1);
  });

  it("goes on in the chat when Telegram opens no topic in time, and other chats do not wait longer", async () => {
    await using scene = await startTelegramScene(TOPICS);
    const { telegram } = scene;
    const letThrough = telegram.holdAnswers("createForumTopic");
    const anna = telegram.privateChat();
    anna.say("make a video of the sea");
    await telegram.waitFor(() => telegram.calls("createForumTopic").length === 1);
    const ben = telegram.privateChat();
    ben.say("help");
    await ben.nextBotMessage((message) => message.text.includes("/export"), { timeoutMs: 5_000 });
    const answer = await anna.nextBotMessage((message) => message.text.includes("I generated"), PATIENTLY);
    expect(answer.topicId).toBeNull();
    letThrough();
  });

  it("gives a topic that Telegram has opened the project's name, and leaves one that a person has named", async () => {
    await using scene = await startTelegramScene(TOPICS);
    const chat = scene.telegram.privateChat();
    const implicit = chat.addTopic("New Thread", { isNameImplicit: true });
    const own = chat.addTopic("Holiday");
    for (const topic of [implicit, own]) {
      chat.say(`${TITLE}`, { topic });
      await chat.nextBotMessage(
        (message) => message.topicId === topic && /title/.test(message.text),
        PATIENTLY,
      );
    }
    await until(() => chat.topics.find(({ id }) => id === implicit)?.name === TITLE);
    expect(chat.topics.find(({ id }) => id === own)?.name).toBe("Holiday");
  });

  it("opens a topic for /new and says where; /projects names them all", async () => {
    await using scene = await startTelegramScene(TOPICS);
    const { chat, topic } = await editOutside(scene);
    chat.say("/new", { topic: topic?.id ?? 0 });
    const said = await chat.nextBotMessage((message) => message.text.includes("is the topic"), PATIENTLY);
    expect(said.topicId).toBe(topic?.id);
    const fresh = chat.topics.find(({ id }) => id !== topic?.id);
    const greeting = chat.botMessages().find((message) => message.topicId === fresh?.id);
    expect(greeting?.text).toContain("New project started");
    chat.sendFile({
      kind: "video",
      bytes: await clipBytes(),
      caption: "trim to 3 seconds",
      topic: fresh?.id ?? 0,
    });
    await chat.nextBotMessage((message) => message.text.includes("I trimmed"), PATIENTLY);
    await until(() => chat.topics.find(({ id }) => id === fresh?.id)?.name === "trim to 3 seconds");
    chat.say("/projects", { topic: topic?.id ?? 0 });
    const list = await chat.nextBotMessage((message) => message.text.startsWith("Your projects"), PATIENTLY);
    expect(list.text).toContain(`• trim to 3 seconds\n• ${TITLE}`);
    expect(scene.sessions).toBe(2);
  });

  it("goes on in the chat when its topic is gone", async () => {
    await using scene = await startTelegramScene(TOPICS);
    const { chat, topic } = await editOutside(scene);
    scene.holdTurn("long");
    chat.say("make it brighter", { topic: topic?.id ?? 0 });
    await scene.nemo.scenario.held("long");
    chat.deleteTopic(topic?.id ?? 0);
    scene.nemo.scenario.release("long");
    const answer = await chat.nextBotMessage((message) => message.text === "All done.", PATIENTLY);
    expect(answer.topicId).toBeNull();
  });
});

describe.concurrent("a private chat where Telegram refuses topics", () => {
  it.each([false, "refused"] as const)(
    "goes on in the chat without a word (%s)",
    async (hasPrivateTopics) => {
      await using scene = await startTelegramScene({ telegram: { hasPrivateTopics } });
      const { chat, answer } = await editOutside(scene);
      expect(answer.topicId).toBeNull();
      expect(scene.telegram.calls("createForumTopic")).toHaveLength(hasPrivateTopics === false ? 0 : 1);
      expect(chat.topics).toEqual([]);
      expect(scene.turns()).toEqual([TITLE]);
    },
  );
});
