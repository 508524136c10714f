import { describe, expect, it } from "vitest";
import { LIVELY, type Scene, startScene } from "../../../support/test-chat.ts";

const ASK = 'add the title "Hello"';

/** State reads since the turn's request left. */
function readsAfterTurn({ nemo }: Scene): number {
  const paths = nemo.requests().map((request) => request.path);
  return paths.slice(paths.lastIndexOf("/run_sse")).filter((path) => path.startsWith("/api/state")).length;
}

function sent({ nemo }: Scene): number {
  return nemo.requests("POST /run_sse").length;
}

describe("a turn whose connection breaks", () => {
  it.each(["before-answer", "after-headers", "mid-body"] as const)(
    "%s: is found in the timeline when it was applied, and sent once",
    async (when) => {
      const scene = await startScene();
      scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when, applied: true } });
      await scene.chat.asks(ASK);
      expect(scene.chat.last.text).toContain("your edit went through. What changed:");
      expect(scene.chat.last.text).toContain("Added the title “Hello”");
      expect(scene.chat.buttons).toEqual(["Export", "Status"]);
      expect(sent(scene)).toBe(1);
    },
  );

  it.each(["before-answer", "after-headers", "mid-body"] as const)(
    "%s: is given up after five unchanged reads when it was not applied, and sent once",
    async (when) => {
      const scene = await startScene();
      scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when, applied: false } });
      await scene.chat.asks(ASK);
      expect(readsAfterTurn(scene)).toBe(5);
      expect(scene.chat.last.text).toContain("nothing has changed");
      expect(scene.chat.last.text).toContain("It may still have used credits.");
      expect(scene.chat.buttons).toEqual(["Try again"]);
      expect(sent(scene)).toBe(1);
    },
  );

  it("is sent a second time only when the person presses the button", async () => {
    const scene = await startScene();
    scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied: false } });
    await scene.chat.asks(ASK);
    expect(sent(scene)).toBe(1);
    await scene.chat.presses("Try again");
    expect(sent(scene)).toBe(2);
    expect(scene.chat.last.text).toContain('I added the title "Hello".');
    await scene.chat.presses("Try again");
    expect(scene.chat.last.text).toBe("There's nothing to retry.");
    expect(sent(scene)).toBe(2);
  });

  it("is waited for when the edit arrives late", async () => {
    const scene = await startScene({ settings: { RECOVERY_MAX_READS: "100" } });
    scene.nemo.scenario.add({
      on: "turn",
      do: {
        kind: "steps",
        steps: [
          { kind: "heartbeat" },
          { kind: "drop" },
          { kind: "hold", name: "late" },
          { kind: "edit", edit: { op: "title", text: "Hello" } },
        ],
      },
    });
    await scene.chat.says(ASK);
    await scene.chat.until(() => readsAfterTurn(scene) >= 2);
    scene.nemo.scenario.release("late");
    await scene.chat.bot.queue.idle();
    expect(scene.chat.last.text).toContain("Added the title “Hello”");
    expect(sent(scene)).toBe(1);
  });

  it("says that it checks, while it checks, in the message that becomes the answer", async () => {
    const scene = await startScene({ limits: LIVELY });
    scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied: true } });
    await scene.chat.asks(ASK);
    expect(scene.chat.messages).toHaveLength(1);
    const checking = scene.chat.last.history.findIndex((text) =>
      text.includes("I'm checking whether your edit went through"),
    );
    expect(checking).toBeGreaterThanOrEqual(0);
    expect(checking).toBeLessThan(scene.chat.last.history.length - 1);
    expect(scene.chat.last.text).toContain("but your edit went through");
  });

  it("keeps what was said before the break", async () => {
    const scene = await startScene();
    scene.nemo.scenario.add({
      on: "turn",
      do: {
        kind: "turn",
        texts: ["I added the title."],
        ending: { kind: "drop" },
      },
    });
    await scene.chat.asks(ASK);
    expect(scene.chat.text).toContain("I added the title.");
    expect(scene.chat.last.text).toContain("but your edit went through");
    expect(sent(scene)).toBe(1);
  });

  it.each([
    { applied: true, said: "但编辑已生效，" },
    { applied: false, said: "项目没有变化" },
  ])("is told in Chinese too (applied: $applied)", async ({ applied, said }) => {
    const scene = await startScene();
    scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied } });
    await scene.chat.asks(ASK, { language: "zh" });
    expect(scene.chat.last.text).toContain(said);
    expect(sent(scene)).toBe(1);
  });

  it("by an answer of 503 is recovered the same way: nobody knows what it did", async () => {
    const scene = await startScene();
    scene.nemo.scenario.add({ on: "turn", do: { kind: "http", status: 503 } });
    await scene.chat.asks(ASK);
    expect(readsAfterTurn(scene)).toBe(5);
    expect(scene.chat.buttons).toEqual(["Try again"]);
    expect(sent(scene)).toBe(1);
  });

  it("and whose state cannot be read either is told honestly", async () => {
    const scene = await startScene({ settings: { RECOVERY_MAX_READS: "1" } });
    await scene.chat.asks("/status");
    scene.nemo.scenario.add(
      { on: "turn", do: { kind: "drop", when: "mid-body", applied: true } },
      // The read before the turn is answered as always.
      { on: "state", do: { kind: "delay", ms: 0 } },
      { on: "state", do: { kind: "http", status: 418 }, times: 10 },
    );
    await scene.chat.asks(ASK);
    expect(scene.chat.last.text).toContain("can't tell what happened");
    expect(sent(scene)).toBe(1);
  });

  it("reads the state as often as RECOVERY_MAX_READS says", async () => {
    const scene = await startScene({ settings: { RECOVERY_MAX_READS: "2" } });
    scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied: false } });
    await scene.chat.asks(ASK);
    expect(readsAfterTurn(scene)).toBe(2);
  });

  it("does not hold up the next message for ever", async () => {
    const scene = await startScene();
    scene.nemo.scenario.add({ on: "turn", do: { kind: "drop", when: "mid-body", applied: false } });
    await scene.chat.asks(ASK);
    await scene.chat.asks('add the title "Next"');
    expect(scene.chat.last.text).toContain('I added the title "Next".');
  });
});

describe("a turn that a restart cuts short", () => {
  it("stays written down as in flight, and is not sent again by itself", async () => {
    const scene = await startScene({ storage: "disk" });
    scene.nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
    await scene.chat.says(ASK);
    await scene.nemo.scenario.held("turn");
    const { chat } = await scene.restart();
    expect((await chat.bot.store.read("test:1"))?.inFlight).toMatchObject({ text: ASK });
    await chat.bot.queue.idle();
    expect(sent(scene)).toBe(1);
  });
});

describe("a turn that takes too long", () => {
  const heartbeats = Array.from({ length: 5 }, () => [
    { kind: "heartbeat" as const },
    { kind: "wait" as const, ms: 20 },
  ]).flat();

  it("with heartbeats and nothing else counts as lost: the timeline decides", async () => {
    const scene = await startScene({ settings: { HEARTBEAT_ONLY_TIMEOUT_MS: "40" }, limits: LIVELY });
    scene.nemo.scenario.add({
      on: "turn",
      do: {
        kind: "steps",
        steps: [
          ...heartbeats,
          { kind: "edit", edit: { op: "title", text: "Hello" } },
          { kind: "hold", name: "never" },
        ],
      },
    });
    await scene.chat.asks(ASK);
    expect(scene.chat.seen).toContain("This is taking unusually long. I'm checking your edit…");
    expect(scene.chat.last.text).toContain("Added the title “Hello”");
    expect(sent(scene)).toBe(1);
  });

  it("with heartbeats and nothing else is given up when nothing changed", async () => {
    const scene = await startScene({ settings: { HEARTBEAT_ONLY_TIMEOUT_MS: "40" } });
    scene.nemo.scenario.add({
      on: "turn",
      do: { kind: "steps", steps: [...heartbeats, { kind: "hold", name: "never" }] },
    });
    await scene.chat.asks(ASK);
    expect(readsAfterTurn(scene)).toBe(5);
    expect(scene.chat.buttons).toEqual(["Try again"]);
    expect(sent(scene)).toBe(1);
  });

  it("with work between the heartbeats goes on", async () => {
    const scene = await startScene({ settings: { HEARTBEAT_ONLY_TIMEOUT_MS: "200" } });
    const steps = Array.from({ length: 15 }, () => [
      { kind: "heartbeat" as const },
      { kind: "wait" as const, ms: 20 },
      { kind: "tool" as const, name: "look" },
    ]).flat();
    scene.nemo.scenario.add({
      on: "turn",
      do: { kind: "steps", steps: [...steps, { kind: "text", text: "All set." }] },
    });
    await scene.chat.asks(ASK);
    expect(scene.chat.last.text).toBe("All set.");
  });

  it("reaches the hard limit however quiet it is", async () => {
    const scene = await startScene({
      settings: { TURN_TIMEOUT_MS: "60", HEARTBEAT_ONLY_TIMEOUT_MS: "60" },
    });
    scene.nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "never" } });
    await scene.chat.asks(ASK);
    expect(scene.chat.last.text).toContain("nothing has changed");
    expect(readsAfterTurn(scene)).toBe(5);
    expect(sent(scene)).toBe(1);
  });

  it("is not hung up on: an answer that comes after all counts", async () => {
    const scene = await startScene({
      settings: {
        TURN_TIMEOUT_MS: "60",
        HEARTBEAT_ONLY_TIMEOUT_MS: "60",
        RECOVERY_FIRST_WAIT_MS: "60000",
      },
    });
    scene.nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "late" } });
    await scene.chat.says(ASK);
    await scene.chat.until(() => scene.chat.text.includes("This is taking unusually long."));
    scene.nemo.scenario.release("late");
    await scene.chat.bot.queue.idle();
    expect(scene.chat.last.text).toContain('I added the title "Hello".');
    expect(sent(scene)).toBe(1);
  });
});
