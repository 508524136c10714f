/**
 * `kill -9` at every stage of a message's way: after the restart it has exactly one end, nothing that costs is
 * sent twice, and what waited is done in order. Source: DESIGN.md, rules 3, 4 and 5.
 */
import { describe, expect, it } from "vitest";
import { DEFAULT_SEND_LIMITS } from "../../../src/adapters/telegram/outgoing/send-queue.ts";
import type { TurnStep } from "../../../src/sandbox/scenario.ts";
import type { ChatPlayer, SeenMessage } from "../../fakes/telegram/players.ts";
import type { BotProcess } from "../../support/bot-process.ts";
import { clipBytes } from "../../support/test-chat.ts";
import {
  PATIENTLY,
  startTelegramProcessScene,
  startTelegramScene,
  type TelegramScene,
  until,
} from "./scene.ts";

const EDIT = 'add the title "First"';
const NEXT = 'add the title "Second"';

/** A process with a clip in a project, from before the trouble. */
async function startProject(env: Record<string, string> = {}) {
  return withClip(await startTelegramProcessScene({ env }));
}

/** The same in this process, for an end that is no death. */
async function startProjectHere() {
  return withClip(await startTelegramScene({ limits: DEFAULT_SEND_LIMITS }));
}

async function withClip<Scene extends TelegramScene>(
  scene: Scene,
): Promise<{ scene: Scene; chat: ChatPlayer }> {
  const chat = scene.telegram.privateChat({ first_name: "Anna", language_code: "en" });
  chat.sendFile({ kind: "video", bytes: await clipBytes(), name: "clip.mp4" });
  await chat.nextBotMessage((message) => message.text.includes("What should I do"), PATIENTLY);
  return { scene, chat };
}

/** Ends the process without a word; the next one begins with what it has left behind. */
async function killAndRestart(scene: TelegramScene<BotProcess>): Promise<void> {
  await scene.bot.stop("SIGKILL");
  await scene.succeed();
}

/** A turn that stands still after `steps`, until the test is over. */
function standStill(scene: TelegramScene, steps: TurnStep[]): Promise<void> {
  const all: TurnStep[] = [...steps, { kind: "hold", name: "turn" }];
  scene.nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: all } });
  return scene.nemo.scenario.held("turn");
}

const says = (text: string) => (message: SeenMessage) => message.text.includes(text);
/** What the bot has said that fits, however often. */
const all = (chat: ChatPlayer, text: string) => chat.botMessages().filter(says(text));

/**
 * The mailbox is in order: whatever comes before this answer has ended before. What was only shown while it went on
 * is gone from the chat.
 */
async function bringToRest(chat: ChatPlayer): Promise<void> {
  chat.say(NEXT);
  await chat.nextBotMessage(says('I added the title "Second".'), PATIENTLY);
  await chat.waitFor(() => alive(chat).length === 0, { what: "the end of what was alive", ...PATIENTLY });
}

/** Messages that show work which goes on. */
const alive = (chat: ChatPlayer) =>
  chat.botMessages().filter((message) => message.buttons.flat().some(({ text }) => /^Cancel/.test(text)));

describe.concurrent("a process that is killed", () => {
  it("when an update has just come in, answers it once", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    const before = scene.telegram.calls("getUpdates").length;
    chat.say(EDIT);
    await scene.telegram.waitFor(() => scene.telegram.calls("getUpdates").length > before, PATIENTLY);
    await killAndRestart(scene);
    await chat.nextBotMessage((message) => /title .First.|lost contact/.test(message.text), PATIENTLY);
    await bringToRest(chat);
    expect(scene.turns().filter((turn) => turn.includes("First"))).toHaveLength(1);
    const ends = chat.botMessages().filter((message) => /title .First.|lost contact/.test(message.text));
    expect(ends).toHaveLength(1);
  });

  it("with messages that are stored and wait, answers them in order, each once", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    const held = standStill(scene, []);
    chat.say("make it brighter");
    await held;
    chat.say(EDIT);
    await chat.nextBotMessage(says("#1 in the queue"), PATIENTLY);
    // By the time this is answered the process knows the number of that message.
    chat.say("/credits");
    await chat.nextBotMessage(says("available"), PATIENTLY);
    await scene.telegram.allConfirmed(PATIENTLY);
    await killAndRestart(scene);
    await bringToRest(chat);
    expect(scene.turns()).toEqual(["make it brighter", EDIT, NEXT]);
    expect(all(chat, "lost contact")).toHaveLength(1);
    expect(all(chat, 'I added the title "First".')).toHaveLength(1);
    expect(all(chat, "in the queue")).toEqual([]);
  });

  it("in the middle of an upload, uploads the clip and edits it once", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    scene.nemo.scenario.add({ on: "upload", do: { kind: "hold", name: "upload" } });
    const bytes = await clipBytes();
    chat.sendFile({ kind: "video", bytes, name: "second.mp4", caption: EDIT });
    await scene.nemo.scenario.held("upload");
    await killAndRestart(scene);
    await chat.nextBotMessage(says('I added the title "First".'), PATIENTLY);
    await bringToRest(chat);
    expect(scene.turns()).toEqual([EDIT, NEXT]);
    expect(all(chat, 'I added the title "First".')).toHaveLength(1);
    expect(scene.uploads().map(({ name }) => name)).toEqual(["clip.mp4", "second.mp4"]);
    expect(all(chat, "second.mp4")).toEqual([]);
  });

  it.each<{ stage: string; steps: TurnStep[]; end: string }>([
    { stage: "when its words were just sent", steps: [], end: "the edit probably didn't happen" },
    {
      stage: "while the agent speaks",
      steps: [
        { kind: "edit", edit: { op: "title", text: "First" } },
        { kind: "text", text: "I am on it." },
      ],
      end: "your edit went through",
    },
    {
      stage: "while the agent is silent",
      steps: [{ kind: "heartbeat" }, { kind: "edit", edit: { op: "title", text: "First" } }],
      end: "your edit went through",
    },
  ])("$stage, tells the outcome once and never sends them again", async ({ steps, end }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    const held = standStill(scene, steps);
    chat.say(EDIT);
    await held;
    await killAndRestart(scene);
    await chat.nextBotMessage(says(end), PATIENTLY);
    await bringToRest(chat);
    expect(scene.turns()).toEqual([EDIT, NEXT]);
    expect(all(chat, "lost contact")).toHaveLength(1);
  });

  it("while it says that work goes on, ends that message too", async ({ expect }) => {
    const { scene, chat } = await startProject({ STILL_WORKING_MS: "1500" });
    await using _ = scene;
    const held = standStill(scene, [{ kind: "edit", edit: { op: "title", text: "First" } }]);
    chat.say(EDIT);
    await held;
    const working = await chat.nextBotMessage(says("⏳ Still working"), PATIENTLY);
    // Edited once: then the process knows its own message for sure.
    await chat.waitFor(() => chat.message(working.id).history.length > 1, PATIENTLY);
    await killAndRestart(scene);
    await bringToRest(chat);
    expect(all(chat, "⏳")).toEqual([]);
    expect(all(chat, "your edit went through")).toHaveLength(1);
  });

  it("while it submits a render, delivers one video", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    scene.nemo.scenario.add({ on: "render", do: { kind: "hold", name: "render" } });
    chat.say("export");
    await scene.nemo.scenario.held("render");
    await killAndRestart(scene);
    await chat.nextBotMessage(says("Your video is ready"), PATIENTLY);
    await bringToRest(chat);
    expect(chat.botMessages().filter((message) => message.file)).toHaveLength(1);
    expect(all(chat, "Your video is ready")).toHaveLength(1);
  });

  it("when a render was submitted and the answer not read, submits no other one", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    const drop = { kind: "drop", when: "before-answer", applied: true } as const;
    scene.nemo.scenario.add({ on: "render", do: drop });
    scene.nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "status" } });
    chat.say("export");
    await scene.nemo.scenario.held("status");
    await killAndRestart(scene);
    await chat.nextBotMessage(says("Your video is ready"), PATIENTLY);
    await bringToRest(chat);
    expect(scene.nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(all(chat, "Your video is ready")).toHaveLength(1);
  });

  it("when its answer was posted and nobody said so, rather doubles it than loses it", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    scene.telegram.holdAnswers("sendMessage");
    chat.say(EDIT);
    await chat.nextBotMessage(says('I added the title "First".'), PATIENTLY);
    await killAndRestart(scene);
    await bringToRest(chat);
    expect(scene.turns()).toEqual([EDIT, NEXT]);
    // Before and after the kill: in the agent's own words, and no third time.
    expect(all(chat, 'I added the title "First".')).toHaveLength(2);
    expect(all(chat, "lost contact")).toEqual([]);
  });

  it("when the first of its messages was posted, goes on where it was", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    const { telegram, nemo } = scene;
    const part = (number: number) => `This is part ${number}. ${"It tells of the sea. ".repeat(180)}`;
    const held = standStill(scene, [{ kind: "text", text: [1, 2, 3].map(part).join("\n\n") }]);
    chat.say("tell me of the sea");
    await held;
    // It grows as a draft: the answer is no edit.
    await chat.waitFor(() => chat.draft !== null && alive(chat).length === 1, PATIENTLY);
    // What follows the first message waits for Telegram's word about it.
    telegram.holdAnswers("sendMessage");
    nemo.scenario.release("turn");
    await chat.nextBotMessage(says("This is part 1."), PATIENTLY);
    await killAndRestart(scene);
    await bringToRest(chat);
    expect([1, 2, 3].map((number) => all(chat, `This is part ${number}.`).length)).toEqual([2, 1, 1]);
    expect(all(chat, "lost contact")).toEqual([]);
    expect(scene.turns()).toHaveLength(2);
  });

  it.each([
    { signal: "SIGKILL", how: "is killed" },
    { signal: "SIGTERM", how: "is told to stop" },
  ] as const)(
    "while Telegram cannot be reached, and $how, leaves its answer to the next one",
    async ({ signal }) => {
      const { scene, chat } = await startProject();
      await using _ = scene;
      const { telegram, nemo, bot } = scene;
      scene.holdTurn("turn", "The sea is ready.");
      chat.say("make a video of the sea");
      await nemo.scenario.held("turn");
      telegram.fail({ method: "sendMessage", status: "disconnect", times: 50 });
      nemo.scenario.release("turn");
      await until(() => bot.log.includes("a call to Telegram failed"));
      await bot.stop(signal);
      telegram.calm();
      await scene.succeed();
      await chat.nextBotMessage((message) => /sea is ready|lost contact/.test(message.text), PATIENTLY);
      await bringToRest(chat);
      expect(all(chat, "The sea is ready.")).toHaveLength(1);
      expect(all(chat, "lost contact")).toEqual([]);
    },
  );

  it("with a video that did not get through, leaves it to the next one", async ({ expect }) => {
    const { scene, chat } = await startProjectHere();
    await using _ = scene;
    scene.telegram.fail({ method: "sendVideo", status: "disconnect", times: 50 });
    chat.say("export");
    await until(() => scene.bot.log.includes("a call to Telegram failed"));
    await scene.bot.stop();
    scene.telegram.calm();
    scene.bot.restart();
    await chat.nextBotMessage(says("Your video is ready"), PATIENTLY);
    await bringToRest(chat);
    expect(all(chat, "Your video is ready")).toHaveLength(1);
  });

  it("with a refusal that nobody has read, says it", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    const held = standStill(scene, []);
    chat.say("make it brighter");
    await held;
    for (let number = 1; number <= 21; number++) chat.say(`add the title ${number}`);
    await scene.telegram.allConfirmed(PATIENTLY);
    await killAndRestart(scene);
    await chat.nextBotMessage(says("The queue is full"), { timeoutMs: 60_000 });
    expect(all(chat, "The queue is full")).toHaveLength(1);
  });

  it("when the video was delivered and nobody said so, rather doubles it than loses it", async ({
    expect,
  }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    scene.telegram.holdAnswers("sendVideo");
    chat.say("export");
    await chat.nextBotMessage((message) => message.file !== null, PATIENTLY);
    await killAndRestart(scene);
    const videos = () => chat.botMessages().filter((message) => message.file);
    await chat.waitFor(() => videos().length === 2, PATIENTLY);
    await bringToRest(chat);
    expect(videos()).toHaveLength(2);
    expect(scene.nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
  });

  it("while a render goes on, watches it and delivers it once", async ({ expect }) => {
    const { scene, chat } = await startProject();
    await using _ = scene;
    scene.nemo.scenario.add({ on: "render", do: { kind: "render", progress: [10, 20] } });
    scene.nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "status" } });
    chat.say("export");
    await scene.nemo.scenario.held("status");
    await killAndRestart(scene);
    await chat.nextBotMessage(says("Your video is ready"), PATIENTLY);
    await bringToRest(chat);
    expect(scene.nemo.requests("POST /api/render/proxy/lambda")).toHaveLength(1);
    expect(chat.botMessages().filter((message) => message.file)).toHaveLength(1);
    expect(all(chat, "Rendering")).toEqual([]);
  });
});

describe("an order to stop", () => {
  it("in the middle of an upload is no word about a failure, and no error", async () => {
    const { scene, chat } = await startProjectHere();
    await using _ = scene;
    const { telegram, bot } = scene;
    telegram.slowDownloads({ delayPerChunkMs: 400, chunkBytes: 1_000_000 });
    telegram.flood({ times: 50, retryAfter: 30, methods: ["editMessageText"] });
    const bytes = Buffer.concat([await clipBytes(), Buffer.alloc(18_000_000)]);
    chat.sendFile({ kind: "video", bytes, name: "second.mp4" });
    await until(() => bot.log.includes("asks us to wait"));
    expect(await bot.stop()).toBe(0);
    expect(all(chat, "couldn't be uploaded")).toEqual([]);
    expect(bot.logged(50)).toEqual([]);
  });

  it("is not taken for the end of a turn: the next process tells it", async () => {
    const { scene, chat } = await startProjectHere();
    await using _ = scene;
    const held = standStill(scene, [{ kind: "edit", edit: { op: "title", text: "First" } }]);
    chat.say(EDIT);
    await held;
    expect(await scene.bot.stop()).toBe(0);
    scene.bot.restart();
    await chat.nextBotMessage(says("your edit went through"), PATIENTLY);
    await bringToRest(chat);
    expect(scene.turns()).toEqual([EDIT, NEXT]);
    expect(all(chat, "lost contact")).toHaveLength(1);
  });
});
