/**
 * One ingress, three workers and a real Redis as processes. Workers are killed at random under load: every
 * message is answered, and in order; nothing is sent to the agent twice. Source: DESIGN.md, rules 1 to 4.
 */
import { describe, expect, it } from "vitest";
import type { ChatPlayer, SeenMessage } from "../fakes/telegram/players.ts";
import { HAS_REDIS } from "../support/redis.ts";
import { answersTo, type ClusterScene, isAlive, startCluster } from "./scene.ts";

const GROUPS = 8;
const MESSAGES = 4;
/** How long the agent works on each edit. */
const TURN_MS = 400;
const KILLS = 6;
/** Longer than a message takes from its request to its mark. */
const ON_ITS_WAY_MS = 500;
const PATIENCE = { timeoutMs: 120_000 };

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** When the last words of a message came. */
function cameAt({ history, sentAt }: SeenMessage): number {
  return history.at(-1)?.at ?? sentAt;
}

interface Talk {
  chat: ChatPlayer;
  questions: SeenMessage[];
}

function startTalks({ telegram }: ClusterScene): Talk[] {
  return Array.from({ length: GROUPS }, (_, group) => {
    const chat = telegram.group({ title: `Creators ${group}` });
    const questions = Array.from({ length: MESSAGES }, (_, index) =>
      chat.say(`@${telegram.bot.username} generate a video of the sea number ${group}-${index}`),
    );
    return { chat, questions };
  });
}

describe.runIf(HAS_REDIS)("workers that are killed under load", () => {
  it("lose no message, pay for none twice, and keep the order of each chat", async () => {
    const seed = Date.now() % 100_000;
    const random = randomOf(seed);
    await using scene = await startCluster({ workers: 3, nemo: { credits: 1000 } });
    const { telegram, nemo } = scene;
    nemo.scenario.add({ on: "turn", do: { kind: "delay", ms: TURN_MS }, times: GROUPS * MESSAGES * 2 });
    const talks = startTalks(scene);
    const answered = () =>
      talks.flatMap(({ chat, questions }) => questions.filter(({ id }) => answersTo(chat, id).length > 0));
    const killedAt: number[] = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      // Each kill comes when some more turns have begun, so that it hits work in all its stages.
      const due = Math.min(kill * 3, GROUPS * MESSAGES);
      await telegram.waitFor(() => scene.turns().length >= due || answered().length >= due, PATIENCE);
      const victim = scene.worker(Math.floor(random() * 3));
      killedAt.push(Date.now());
      await victim.stop("SIGKILL");
      victim.restart();
    }
    try {
      await telegram.waitFor(() => answered().length === GROUPS * MESSAGES, PATIENCE);
    } catch (error) {
      throw new Error(`seed ${seed}; ${answered().length} answered\n${scene.log}`, { cause: error });
    }
    let doubled = 0;
    for (const { chat, questions } of talks) {
      const answers = questions.map(({ id }) => answersTo(chat, id));
      // One that was on its way when its worker died, and that was not confirmed, is sent again in the same words.
      for (const list of answers) {
        expect(list.length, `seed ${seed}`).toBeLessThanOrEqual(2);
        expect(new Set(list.map(({ text }) => text)).size, `seed ${seed}`).toBe(1);
      }
      doubled += answers.filter((list) => list.length > 1).length;
      // An answer may take the place of a message that came before others: it is read when it is there.
      const order = answers.map((list) => Math.min(...list.map(cameAt)));
      expect(order, `seed ${seed}`).toEqual(order.toSorted((a, b) => a - b));
    }
    expect(doubled, `seed ${seed}`).toBeLessThanOrEqual(KILLS);
    // Nothing that shows work stays behind, but for what was on its way when its worker died: it never learnt the number.
    const isOnItsWay = ({ sentAt }: SeenMessage) =>
      killedAt.some((at) => Math.abs(at - sentAt) < ON_ITS_WAY_MS);
    const left = () =>
      talks.flatMap(({ chat }) =>
        chat.botMessages().filter((one) => isAlive(one) && (one.history.length > 1 || !isOnItsWay(one))),
      );
    await telegram.waitFor(() => left().length === 0, { what: `an end of all work, seed ${seed}` });
    const turns = scene.turns();
    expect(new Set(turns).size, `seed ${seed}: nothing is sent twice`).toBe(turns.length);
  }, 240_000);
});
