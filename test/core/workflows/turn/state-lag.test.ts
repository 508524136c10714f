/** A state that shows an edit some time after the stream has ended without a word. */
import { describe, expect, it } from "vitest";
import { LIVELY, startScene } from "../../../support/test-chat.ts";

const ASK = 'add the title "Hello"';
/** Waits of 0, 100, 200, … ms, at most as long as the first wait after a broken connection. */
const OPTIONS = {
  limits: { lagWaitsMs: [0, 100, 200, 400, 800] },
  settings: { RECOVERY_FIRST_WAIT_MS: "30000" },
};

describe("a silent edit that the state shows late", () => {
  it("is told, and is not taken for nothing", async () => {
    const { nemo, chat } = await startScene(OPTIONS);
    nemo.scenario.add({ on: "turn", do: { kind: "turn", silent: true, stateLagMs: 600 } });
    await chat.asks(ASK);
    expect(chat.last.text).toContain("Added the title “Hello”");
    expect(chat.text).not.toContain("Nothing changed");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });

  it("shows meanwhile that work goes on", async () => {
    const { nemo, chat } = await startScene({
      limits: { ...OPTIONS.limits, ...LIVELY },
      settings: { ...OPTIONS.settings, STILL_WORKING_MS: "300" },
    });
    nemo.scenario.add({ on: "turn", do: { kind: "turn", silent: true, stateLagMs: 900 } });
    await chat.asks(ASK);
    expect(chat.seen).toContain("⏳ Still working...");
    expect(chat.messages).toHaveLength(1);
    expect(chat.last.text).toContain("Added the title “Hello”");
  });

  it("can be cancelled meanwhile", async () => {
    const { nemo, chat } = await startScene({ ...OPTIONS, limits: { lagWaitsMs: [0, 60_000] } });
    await chat.asks("/status");
    nemo.scenario.add({ on: "turn", do: { kind: "turn", silent: true, stateLagMs: 60_000 } });
    await chat.says(ASK);
    // For the status, before the turn, and once it has ended.
    await chat.until(() => nemo.requests("GET /api/state/").length >= 3);
    await chat.asks("cancel");
    expect(chat.text).toContain("I stopped waiting.");
    expect(chat.text).not.toContain("Nothing changed");
  });
});

describe("an edit that changes nothing", () => {
  it.each([
    { language: "en", said: "Nothing changed", cost: "Trying again may cost credits." },
    { language: "zh", said: "没有任何改动", cost: "再试一次可能会扣除积分。" },
  ])("is said after all the waits, with what another try may cost ($language)", async (row) => {
    const { nemo, chat } = await startScene({ ...OPTIONS, limits: { lagWaitsMs: [0, 50, 100, 200] } });
    nemo.scenario.add({ on: "turn", do: { kind: "turn", silent: true, edits: [] } });
    await chat.asks(ASK, { language: row.language });
    expect(nemo.requests("GET /api/state/")).toHaveLength(5);
    expect(chat.last.text).toContain(row.said);
    expect(chat.last.text).toContain(row.cost);
  });
});
