/**
 * A worker that is frozen long enough to count as dead, and wakes up when another one has its work. Source:
 * DESIGN.md, rules 2 and 4.
 */
import { describe, it } from "vitest";
import type { TurnStep } from "../../src/sandbox/scenario.ts";
import { PATIENTLY, until } from "../adapters/telegram/scene.ts";
import { HAS_REDIS } from "../support/redis.ts";
import { answersTo, isAlive, startCluster } from "./scene.ts";

const WAKING = "this process was taken for dead";

describe.runIf(HAS_REDIS).concurrent("a worker that wakes up after another one took over", () => {
  it("sends nothing that the other one has sent", { timeout: 90_000 }, async ({ expect }) => {
    await using scene = await startCluster({ workers: 1 });
    const { telegram, nemo } = scene;
    const chat = telegram.group({ title: "Creators" });
    nemo.scenario.add({ on: "state", do: { kind: "hold", name: "before" } });
    const question = chat.say(`@${telegram.bot.username} generate a video of the sea`);
    await nemo.scenario.held("before");
    scene.worker(0).signal("SIGSTOP");
    await scene.addWorker();
    await telegram.waitFor(() => answersTo(chat, question.id).length > 0, PATIENTLY);
    nemo.scenario.release("before");
    scene.worker(0).signal("SIGCONT");
    await until(() => scene.worker(0).log.includes(WAKING));
    const next = chat.say(`@${telegram.bot.username} generate a video of a forest`);
    await telegram.waitFor(() => answersTo(chat, next.id).length > 0, PATIENTLY);
    expect(scene.turns().filter((turn) => turn.includes("sea"))).toHaveLength(1);
    expect(answersTo(chat, question.id)).toHaveLength(1);
    expect(answersTo(chat, next.id)).toHaveLength(1);
  });

  it("does not tell again what the other one has told", { timeout: 90_000 }, async ({ expect }) => {
    await using scene = await startCluster({ workers: 1 });
    const { telegram, nemo } = scene;
    const chat = telegram.group({ title: "Creators" });
    const steps: TurnStep[] = [
      { kind: "hold", name: "turn" },
      { kind: "text", text: "The sea is ready." },
    ];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    const question = chat.say(`@${telegram.bot.username} generate a video of the sea`);
    await nemo.scenario.held("turn");
    scene.worker(0).signal("SIGSTOP");
    await scene.addWorker();
    await telegram.waitFor(() => answersTo(chat, question.id).length > 0, PATIENTLY);
    nemo.scenario.release("turn");
    scene.worker(0).signal("SIGCONT");
    await until(() => scene.worker(0).log.includes(WAKING));
    const next = chat.say(`@${telegram.bot.username} generate a video of a forest`);
    await telegram.waitFor(() => answersTo(chat, next.id).length > 0, PATIENTLY);
    expect(scene.turns()).toHaveLength(2);
    expect(answersTo(chat, question.id)).toHaveLength(1);
    expect(answersTo(chat, next.id)).toHaveLength(1);
  });

  it("doubles none of five turns that it had in hand", { timeout: 120_000 }, async ({ expect }) => {
    await using scene = await startCluster({ workers: 1 });
    const { telegram, nemo } = scene;
    const chats = Array.from({ length: 5 }, (_, index) => telegram.group({ title: `Creators ${index}` }));
    const steps: TurnStep[] = [
      { kind: "hold", name: "turn" },
      { kind: "text", text: "The sea is ready." },
    ];
    for (const _ of chats) nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    const questions = chats.map((chat) => chat.say(`@${telegram.bot.username} generate a video of the sea`));
    await until(() => scene.turns().length === 5);
    // The message that shows it becomes the answer in the hands of the other one.
    await telegram.waitFor(() => chats.every((chat) => chat.botMessages().some(isAlive)), PATIENTLY);
    scene.worker(0).signal("SIGSTOP");
    await scene.addWorker();
    const answers = () => chats.map((chat, index) => answersTo(chat, questions[index]?.id ?? 0).length);
    await telegram.waitFor(() => answers().every((count) => count > 0), { timeoutMs: 60_000 });
    nemo.scenario.release("turn");
    scene.worker(0).signal("SIGCONT");
    await until(() => scene.worker(0).log.split(WAKING).length > 5);
    const last = chats.map((chat) => chat.say(`@${telegram.bot.username} add the title "After"`));
    const isOver = () => chats.every((chat, index) => answersTo(chat, last[index]?.id ?? 0).length > 0);
    await telegram.waitFor(isOver, { timeoutMs: 60_000 });
    expect(answers()).toEqual([1, 1, 1, 1, 1]);
    expect(scene.turns()).toHaveLength(10);
  });
});
