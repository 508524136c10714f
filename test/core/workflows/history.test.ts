/** What was changed, and going back. */
import { describe, expect, it } from "vitest";
import { CLIP, startScene } from "../../support/test-chat.ts";

describe("undo", () => {
  it.each([
    { language: "en", say: "undo that please", words: /Undo the last edit/ },
    { language: "zh", say: "恢复到上一步吧", words: /撤销上一次编辑/ },
  ])("has the editor go back, in one turn ($language)", async ({ language, say, words }) => {
    const { nemo, chat } = await startScene();
    await chat.sendsFile(CLIP, 'add the title "Beach"', { language });
    const before = nemo.requests("POST /run_sse").length;
    await chat.asks(say, { language });
    const turns = nemo.requests("POST /run_sse").slice(before);
    expect(turns).toHaveLength(1);
    expect(JSON.stringify(turns[0]?.json)).toMatch(words);
  });

  it("asks nothing of the editor before there is a project", async () => {
    const { nemo, chat } = await startScene();
    expect(await chat.asks("undo")).toEqual(["There's nothing to undo here yet."]);
    expect(nemo.requests("POST /api/tasks/me/with-session")).toEqual([]);
  });
});
