/** The living message by itself, on a platform that is slow, has no room or never answers; time is in the test's hand. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { plain } from "../../../src/core/model/rich-text.ts";
import { FIXED_LIMITS, type Limits } from "../../../src/core/ports/context.ts";
import { LivingMessage } from "../../../src/core/reply/living-message.ts";
import { LaneOutbox } from "../../../src/core/reply/outbox.ts";
import { Speaker } from "../../../src/core/reply/speaker.ts";
import { InProcessQueue } from "../../../src/jobs/in-process-queue.ts";
import { locales } from "../../support/content.ts";
import { TestChat, TestLog } from "../../support/test-chat.ts";

const LIMITS: Limits = {
  ...FIXED_LIMITS,
  stillWorkingMs: 120_000,
  turnTimeoutMs: 0,
  heartbeatOnlyTimeoutMs: 0,
  recoveryFirstWaitMs: 0,
  recoveryWaitMs: 0,
  recoveryMaxReads: 0,
  exportPollMs: 0,
  exportTimeoutMs: 0,
};
const KEY = "test:item:live";

/** A living message that has just begun to live, and when it was shown, in ms since then. */
function startLiving(language = "en") {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const chat = new TestChat();
  const log = new TestLog();
  const target = { platform: "test", conversationId: "test:1", details: {} };
  const platforms = new Map([["test", chat]]);
  const outbox = new LaneOutbox(new InProcessQueue(log), platforms);
  const speaker = new Speaker({ locales, log, platforms, outbox }, target, language, "test:item");
  const clock = { now: () => Date.now(), sleep: () => Promise.reject(new Error("nobody sleeps here")) };
  const startedAt = Date.now();
  const shownAt: number[] = [];
  chat.beforeProgress = async () => {
    shownAt.push(Date.now() - startedAt);
    return undefined;
  };
  const options = { itemId: "test:item", askedAt: startedAt, buttons: [] };
  const living = new LivingMessage({ clock, limits: LIMITS, log }, speaker, options).start();
  const texts = () => chat.given.map(({ text }) => text.map((span) => span.text).join(""));
  const say = (text: string) => living.end({ text: plain(text) });
  return { chat, living, log, shownAt, texts, say };
}

/** Lets time pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Holds what the platform is to show from now on, until `release`. */
function hold(chat: TestChat) {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  chat.beforeProgress = () => promise;
  return () => {
    chat.beforeProgress = async () => undefined;
    resolve(undefined);
  };
}

describe("a living message", () => {
  it("comes within a second, then at 5, 15, 30, 60 s and every 30 s, with the time that has passed", async () => {
    const { shownAt, texts } = startLiving();
    await pass(155_000);
    expect(shownAt).toEqual([300, 5_000, 15_000, 30_000, 60_000, 90_000, 120_000, 150_000]);
    expect(texts()).toEqual([
      "⏳ Working on it…",
      "⏳ Working on it… (0:05)",
      "⏳ Working on it… (0:15)",
      "⏳ Working on it… (0:30)",
      "⏳ Working on it… (1:00)",
      "⏳ Working on it… (1:30)",
      "⏳ Still working... (2:00)",
      "⏳ Still working... (2:30)",
    ]);
  });

  it("puts the time in the marks of its language", async () => {
    const { texts } = startLiving("zh");
    await pass(6_000);
    expect(texts()).toEqual(["⏳ 正在处理……", "⏳ 正在处理……（0:05）"]);
  });

  it("is not there at all when the answer comes at once", async () => {
    const { chat, say } = startLiving();
    await pass(200);
    await say("Done.");
    await pass(60_000);
    expect(chat.seen).toBe("Done.");
  });

  it("becomes the answer when the person has waited for a moment only", async () => {
    const { chat, say } = startLiving();
    await pass(9_000);
    await say("Done.");
    await pass(60_000);
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.history).toEqual(["⏳ Working on it…", "⏳ Working on it… (0:05)", "Done."]);
    expect(chat.last.raw.isReply).toBeUndefined();
  });

  it("becomes the answer although which message it is was not known at first", async () => {
    const { chat, say } = startLiving();
    chat.beforeProgress = async () => "no number";
    await pass(4_000);
    await say("Done.");
    await pass(60_000);
    expect(chat.messages.map(({ history }) => history)).toEqual([["⏳ Working on it…", "Done."]]);
  });

  it("gives way to an answer of its own when the person has waited long", async () => {
    const { chat, say } = startLiving();
    await pass(10_000);
    await say("Done.");
    await pass(60_000);
    expect(chat.messages.map(({ history }) => history)).toEqual([["Done."]]);
    expect(chat.last.raw.isReply).toBe(true);
    expect(chat.removed.map(({ key }) => key)).toEqual([KEY]);
  });

  it("shows news a second apart, the newest only", async () => {
    const { living, shownAt, texts } = startLiving();
    living.status(plain("one"));
    await pass(400);
    for (const word of ["two", "three", "four"]) living.status(plain(word));
    await pass(2_000);
    expect(texts()).toEqual(["one", "four"]);
    expect(shownAt).toEqual([300, 1_300]);
  });

  it("keeps the end of a long text, from the beginning of a word", async () => {
    const { living, chat } = startLiving();
    living.words(plain(`${"word ".repeat(1_000)}end.`));
    await pass(1_000);
    expect(chat.last.text.length).toBeLessThan(1_600);
    expect(chat.last.text).toMatch(/\n… word (word )+end\.$/);
  });

  it("goes when it is closed, and never comes back", async () => {
    const { chat, living } = startLiving();
    await pass(6_000);
    await living.close();
    living.status(plain("too late"));
    living.words(plain("too late"));
    await pass(120_000);
    expect(chat.messages).toEqual([]);
    expect(chat.seen).not.toContain("too late");
  });

  it.each([
    { what: "news", wake: (living: LivingMessage) => living.status(plain("Adding music…")) },
    { what: "the time that has passed", wake: () => {} },
  ])(
    "of a process that was frozen shows nothing before that can know whether it is dead: $what",
    async ({ wake }) => {
      const { living, shownAt } = startLiving();
      await pass(4_900);
      vi.setSystemTime(Date.now() + 5_000);
      wake(living);
      await pass(1_500);
      expect(shownAt).toEqual([300]);
      await pass(1_000);
      expect(shownAt).toHaveLength(2);
    },
  );
});

describe("a platform without room", () => {
  it("is asked again, and then gets what is new by then", async () => {
    const { chat, living, shownAt, texts } = startLiving();
    const count = chat.beforeProgress;
    chat.beforeProgress = async (message) => {
      await count(message);
      return shownAt.length < 3 ? "no room" : undefined;
    };
    living.status(plain("one"));
    await pass(310);
    expect(texts()).toEqual([]);
    living.status(() => plain("two"));
    await pass(4_000);
    expect(texts()).toEqual(["two"]);
    expect(shownAt.at(-1)).toBeLessThan(5_000);
  });

  it("is asked again after a moment, also when nothing happens", async () => {
    const { chat, shownAt } = startLiving();
    const count = chat.beforeProgress;
    chat.beforeProgress = async (message) => {
      await count(message);
      return "no room";
    };
    await pass(4_500);
    expect(shownAt).toEqual([300, 2_300, 4_300]);
  });

  it("does not hold up the answer", async () => {
    const { chat, say } = startLiving();
    chat.beforeProgress = async () => "no room";
    await pass(3_000);
    await say("Done.");
    expect(chat.seen).toBe("Done.");
  });
});

describe("a platform that takes long", () => {
  it("never shows what was superseded, and the elapsed time is that of the moment it leaves", async () => {
    const { chat, living, texts } = startLiving();
    await pass(1_000);
    const release = hold(chat);
    living.status(plain("first"));
    await pass(2_000);
    living.status(plain("superseded"));
    await pass(2_000);
    living.status(plain("newest"));
    await pass(7_000);
    release();
    await pass(1_500);
    expect(texts().slice(1)).toEqual(["first", expect.stringMatching(/^newest \(0:1[23]\)$/)]);
  });

  it("gets the answer in place of an update that is on its way, once that is there", async () => {
    const { chat, living, say } = startLiving();
    await pass(1_000);
    const release = hold(chat);
    living.status(plain("news"));
    await pass(1_500);
    const told = say("Done.");
    release();
    await told;
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.history).toEqual(["⏳ Working on it…", "news", "Done."]);
  });

  it("gets the answer in time though its first update hangs, which is taken away when it comes", async () => {
    const { chat, say } = startLiving();
    const release = hold(chat);
    await pass(1_000);
    const told = say("Done.");
    await pass(2_000);
    await told;
    expect(chat.text).toBe("Done.");
    release();
    await pass(60_000);
    expect(chat.messages.map(({ history }) => history)).toEqual([["Done."]]);
    expect(chat.removed.map(({ key }) => key)).toEqual([KEY]);
  });

  it("gets the answer in time though a later update hangs, and nothing else stays", async () => {
    const { chat, living, say } = startLiving();
    await pass(1_000);
    const release = hold(chat);
    living.status(plain("stale"));
    await pass(1_500);
    const told = say("Done.");
    await pass(2_000);
    await told;
    release();
    await pass(60_000);
    expect(chat.messages.map(({ history }) => history)).toEqual([["Done."]]);
  });

  it("gets a late answer at once, whatever is on its way, and nothing else stays", async () => {
    const { chat, living, say } = startLiving();
    await pass(12_000);
    const release = hold(chat);
    living.status(plain("stale"));
    await pass(1_500);
    const told = say("Done.");
    await pass(0);
    expect(chat.last.text).toBe("Done.");
    release();
    await told;
    await pass(60_000);
    expect(chat.messages.map(({ history }) => history)).toEqual([["Done."]]);
  });

  it("gets the next request's message only when the one before is gone", async () => {
    const { chat, living, say } = startLiving();
    await pass(1_000);
    await say("Done.");
    living.renew("2").start().status(plain("What follows"));
    await pass(1_000);
    expect(chat.messages.map(({ text }) => text)).toEqual(["Done.", "What follows"]);
    await say("Done as well.");
    expect(chat.messages.map(({ text }) => text)).toEqual(["Done.", "Done as well."]);
  });
});

describe("a process that ends", () => {
  it("leaves the message to its successor, and shows nothing more", async () => {
    const { chat, living } = startLiving();
    await pass(1_000);
    const left = await living.release();
    await living.close();
    await pass(60_000);
    expect(chat.messages.map(({ id }) => id)).toEqual([left?.messageId]);
    expect(chat.last.history).toEqual(["⏳ Working on it…"]);
  });

  it("does not wait for a platform that never answers", async () => {
    const { chat, living } = startLiving();
    hold(chat);
    await pass(1_000);
    let isReleased = false;
    void living.release().then(() => {
      isReleased = true;
    });
    await pass(5_000);
    expect(isReleased).toBe(true);
  });
});
