/** Tokens in what the editor says and names reach neither people nor the log. */
import { describe, expect, it } from "vitest";
import type { TurnStep } from "../../../src/sandbox/scenario.ts";
import { CLIP, file, startScene } from "../../support/test-chat.ts";

const TOKENS = {
  account: "nmv_usr_0a1b2c3d4e5f-secret",
  claim: "clm_0a1b2c3d4e5f-secret",
  telegram: `123456789:${"Aa0_-".repeat(7)}`,
  discord: `MTAxMjM0NTY3ODkwMTIzNDU2.GabcDe.${"Aa0_-".repeat(7)}`,
};

describe.each(Object.entries(TOKENS))("a token (%s)", (_, token) => {
  it("in the agent's words is hidden, the words around it stay", async () => {
    const { nemo, chat, log } = await startScene();
    const steps: TurnStep[] = [{ kind: "text", text: `I used ${token} for that.` }];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    await chat.asks("make it warmer");
    expect(chat.last.text).toBe("I used … for that.");
    expect(log.lines.join("\n")).not.toContain(token);
  });

  it("in the name of a title is hidden in the status, in what changed and in the buttons", async () => {
    const { nemo, chat, log } = await startScene();
    const steps: TurnStep[] = [{ kind: "edit", edit: { op: "title", text: `by ${token}` } }];
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps } });
    await chat.sendsFile(CLIP);
    await chat.asks("make it warmer");
    await chat.asks("status");
    await chat.asks("export");
    const said = JSON.stringify(chat.messages.map(({ text, raw }) => [text, raw.video?.name]));
    expect(said).toContain("by …");
    expect(said).not.toContain(token.slice(0, 20));
    expect(log.lines.join("\n")).not.toContain(token);
  });

  it("in a file's name is hidden from whoever reads along", async () => {
    const { chat } = await startScene();
    await chat.asks("", { attachments: [file(CLIP, { name: `${token}.mp4` })] });
    expect(chat.text).toContain("…");
    expect(chat.text).not.toContain(token);
  });
});
