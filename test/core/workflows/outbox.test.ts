/** Answers that their platform does not take at once: they hold up no work, and are owed until they are there. */
import { describe, expect, it } from "vitest";
import { outboxLane } from "../../../src/core/model/work-item.ts";
import { type Scene, startScene } from "../../support/test-chat.ts";

const LANE = outboxLane("test:1");

/** Answers wait from now on, as where a platform has asked to wait; returns what lets them through. */
function holdAnswers({ chat }: Pick<Scene, "chat">): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  chat.beforeSend = () => promise;
  return resolve;
}

describe("an answer that its platform does not take yet", () => {
  it("does not keep the next message from its turn; both come, in order", async () => {
    const scene = await startScene();
    const { nemo, chat } = scene;
    const letThrough = holdAnswers(scene);
    await chat.says('add the title "First"');
    await chat.says('add the title "Second"');
    await chat.until(() => nemo.requests("POST /run_sse").length === 2);
    expect(chat.messages).toEqual([]);
    letThrough();
    await chat.bot.queue.idle();
    expect(chat.messages.map(({ text }) => text)).toEqual([
      expect.stringContaining("First"),
      expect.stringContaining("Second"),
    ]);
  });

  it("is sent by the next process when this one ends, and the turn is not repeated", async () => {
    const scene = await startScene({ storage: "disk" });
    const { nemo, chat } = scene;
    holdAnswers(scene);
    await chat.says('add the title "First"');
    await expect.poll(async () => (await chat.bot.queue.running(LANE))?.kind).toBe("delivery");
    const next = await scene.restart();
    await next.chat.bot.queue.idle();
    expect(next.chat.messages.map(({ text }) => text)).toEqual([expect.stringContaining("First")]);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("is given up where the platform refuses it for good, and the log says so", async () => {
    const scene = await startScene();
    const { chat, log } = scene;
    chat.beforeSend = async () => {
      await expect.poll(async () => (await chat.bot.queue.running(LANE))?.kind).toBe("delivery");
      throw new Error("the platform is down");
    };
    await chat.asks('add the title "First"');
    expect(chat.messages).toEqual([]);
    expect(log.lines.filter((line) => line.includes("a message was not sent"))).not.toEqual([]);
  });
});
