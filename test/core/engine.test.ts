import { describe, expect, it } from "vitest";
import { CLIP, startScene } from "../support/test-chat.ts";

describe("the first contact", () => {
  it("connects with the skill's own words, then greets with example prompts", async () => {
    const { nemo, chat } = await startScene();
    await chat.asks("/start");
    expect(chat.messages).toHaveLength(1);
    expect(chat.messages[0]?.history[0]).toBe("Connecting...");
    expect(chat.last.text).toContain("Film Maker is ready");
    expect(chat.last.buttons.length).toBeGreaterThan(0);
    expect(nemo.requests("POST /api/auth/anonymous-token")).toHaveLength(1);
    expect(nemo.requests("POST /api/tasks")[0]?.json).toEqual({ task_name: "project", language: "en" });
  });

  it("shows no token, id or JSON", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, 'add the title "Hello"');
    const said = chat.messages.flatMap((message) => message.history).join("\n");
    expect(said).not.toMatch(/nmv_|[0-9a-f]{8}-[0-9a-f]{4}|[{}]/);
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});

describe("a silent edit", () => {
  it("ends with what changed in the timeline", async () => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP);
    nemo.scenario.add({ on: "turn", do: { kind: "turn", silent: true } });
    await chat.asks('add the title "Paradise"');
    expect(chat.last.text).toContain("Added the title “Paradise”");
    expect(nemo.requests("POST /run_sse")).toHaveLength(1);
  });
});
