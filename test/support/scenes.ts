/** Scenes that many tests begin with. */
import { CLIP, type Scene, type SceneOptions, startScene } from "./test-chat.ts";

/** Anna has sent a clip and asked for the title "Hello". */
export async function startTitledScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  await scene.chat.sendsFile(CLIP, 'add the title "Hello"');
  return scene;
}

/** Anna's edit of a clip, the title "First", takes until `nemo.scenario.release("first")`. */
export async function startEditingScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  const { nemo, chat } = scene;
  await chat.sendsFile(CLIP);
  nemo.scenario.add({ on: "turn", do: { kind: "hold", name: "first" } });
  await chat.says('add the title "First"');
  await nemo.scenario.held("first");
  return scene;
}

/** The render of Anna's export of a clip takes until `nemo.scenario.release("first")`. */
export async function startRenderingScene(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  const { nemo, chat } = scene;
  await chat.sendsFile(CLIP);
  nemo.scenario.add({ on: "render-status", do: { kind: "hold", name: "first" } });
  await chat.says("export");
  await nemo.scenario.held("first");
  return scene;
}

/** Lets what such a scene holds go, and waits until all work is done. */
export async function finishFirst({ nemo, chat }: Pick<Scene, "nemo" | "chat">): Promise<void> {
  nemo.scenario.release("first");
  await chat.bot.queue.idle();
}
