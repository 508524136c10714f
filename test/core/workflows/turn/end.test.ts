/** The ends of a turn, as the operator counts them. */
import { describe, expect, it } from "vitest";
import { PrometheusMetrics } from "../../../../src/app/prometheus.ts";
import type { Scenario } from "../../../../src/sandbox/scenario.ts";
import { startScene } from "../../../support/test-chat.ts";

type Turn = Scenario["do"];

async function startCountedScene() {
  const metrics = new PrometheusMetrics({ version: "1.2.3", role: "worker" });
  const counted = async () => {
    const lines = (await metrics.text()).matchAll(/^nemobot_turns_total\{outcome="(.*)"\} ([1-9]\d*)$/gm);
    return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]));
  };
  const limits = { lagWaitsMs: [0, 10] };
  return { ...(await startScene({ metrics, limits })), counted };
}

describe("a turn counts as", () => {
  it.each<{ outcome: string; when: string; turn: Turn }>([
    { outcome: "done", when: "the agent answered", turn: { kind: "turn" } },
    { outcome: "done", when: "it changed something in silence", turn: { kind: "turn", silent: true } },
    {
      outcome: "unchanged",
      when: "it said nothing and changed nothing",
      turn: { kind: "turn", silent: true, edits: [] },
    },
    {
      outcome: "unchanged",
      when: "it said that it had a temporary problem, and nothing else",
      turn: { kind: "turn", texts: ["I encountered a temporary issue."], edits: [] },
    },
    {
      outcome: "recovered",
      when: "the answer was lost and the change arrived",
      turn: { kind: "drop", when: "mid-body", applied: true },
    },
    {
      outcome: "unchanged",
      when: "the answer was lost and nothing changed",
      turn: { kind: "drop", when: "mid-body", applied: false },
    },
    {
      outcome: "failed",
      when: "the run failed after part of the work",
      turn: { kind: "turn", silent: true, ending: { kind: "error-event", code: "500", message: "boom" } },
    },
    { outcome: "failed", when: "the backend refused", turn: { kind: "error", code: 2001 } },
    { outcome: "failed", when: "the session was lost", turn: { kind: "error", code: 1002 } },
  ])("$outcome when $when", async ({ outcome, turn }) => {
    const { nemo, chat, counted } = await startCountedScene();
    nemo.scenario.add({ on: "turn", do: turn });
    await chat.asks('add the title "Hello"');
    expect(await counted()).toEqual({ [outcome]: 1 });
  });

  it("cancelled when the person did not want to wait", async () => {
    const { nemo, chat, counted } = await startCountedScene();
    nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "turn" } });
    await chat.says('add the title "Hello"');
    await nemo.scenario.held("turn");
    await chat.asks("cancel");
    expect(await counted()).toEqual({ cancelled: 1 });
  });
});
