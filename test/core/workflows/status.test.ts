/** Whom the bot works for, as the status tells it where people share a chat. */
import { describe, expect, it } from "vitest";
import { finishFirst, startEditingScene, startRenderingScene } from "../../support/scenes.ts";
import type { Scene } from "../../support/test-chat.ts";

const ANNA = { id: "test:anna", name: "Anna" };
const person = (name: string) => ({ user: { id: `test:${name.toLowerCase()}`, name } });

/** The answer to `/status`, beside what runs. */
async function status({ chat }: Scene, language = "en"): Promise<string> {
  const before = chat.messages.length;
  await chat.says("/status", { user: { ...ANNA, language } });
  await chat.until(() => chat.messages.slice(before).some(({ raw }) => raw.isCard === true));
  return chat.messages.findLast(({ raw }) => raw.isCard === true)?.text ?? "";
}

/** In a group or alone, an edit of `name` runs. */
async function startEditOf(name: string | undefined, isGroup: boolean): Promise<Scene> {
  const scene = await startEditingScene();
  const { nemo, chat } = scene;
  await finishFirst(scene);
  chat.isGroup = isGroup;
  nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "first" } });
  await chat.says("make it warmer", name === undefined ? {} : person(name));
  await nemo.scenario.held("first");
  return scene;
}

describe("the status in a shared chat", () => {
  it.each([
    { language: "en", told: "⏳ Working for Ann.\nNext: Ben, Cem, Dan." },
    { language: "zh", told: "⏳ 正在处理 Ann 的消息。\n接下来：Ben、Cem、Dan。" },
  ])("says who is worked for and who is next, the first three people ($language)", async (row) => {
    const scene = await startEditOf("Ann", true);
    for (const name of ["Ben", "Ben", "Cem", "Dan", "Eve"]) await scene.chat.says("faster", person(name));
    expect(await status(scene, row.language)).toContain(row.told);
    await finishFirst(scene);
  });

  it("leaves a name out that is not known", async () => {
    const scene = await startEditOf(undefined, true);
    await scene.chat.says("faster");
    await scene.chat.says("faster", person("Ben"));
    expect(await status(scene)).toContain("⏳ In progress or queued: 3.\nNext: Ben.");
    await finishFirst(scene);
  });

  it("says for whom a video is rendered, and whose are next", async () => {
    const scene = await startRenderingScene();
    const { chat, nemo } = scene;
    await finishFirst(scene);
    chat.isGroup = true;
    nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "first" } });
    await chat.says("export", person("Ann"));
    await nemo.scenario.held("first");
    await chat.says("export", person("Ben"));
    await chat.until(() => chat.text.includes("clip-3.mp4 is #1"));
    const told = await status(scene);
    expect(told).toContain("🎬 Rendering for Ann.\n🎬 clip-3.mp4 for Ben is #1 in the queue.");
    await finishFirst(scene);
  });
});

describe("the status of a person's own chat", () => {
  it("names nobody", async () => {
    const scene = await startEditOf("Ann", false);
    await scene.chat.says("faster", person("Ann"));
    const told = await status(scene);
    expect(told).toContain("⏳ In progress or queued: 2.");
    expect(told).not.toContain("Ann");
    await finishFirst(scene);
  });
});
