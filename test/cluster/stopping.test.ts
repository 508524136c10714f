/** A worker that stops on a Redis that others share. */
import { describe, expect, it } from "vitest";
import { PATIENTLY, until } from "../adapters/telegram/scene.ts";
import { HAS_REDIS } from "../support/redis.ts";
import { startCluster } from "./scene.ts";

describe.runIf(HAS_REDIS)("a worker that is told to stop", () => {
  it("ends a turn that needs only a moment more", { timeout: 90_000 }, async () => {
    await using scene = await startCluster({ workers: 1 });
    const { telegram, nemo } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    const steps = [
      { kind: "hold", name: "turn" },
      { kind: "text", text: "The sea is ready." },
    ] as const;
    nemo.scenario.add({ on: "turn", do: { kind: "steps", steps: [...steps] } });
    chat.say("generate a video of the sea");
    await nemo.scenario.held("turn");
    const worker = scene.worker(0);
    const exited = worker.stop();
    await until(() => worker.log.includes('"msg":"stopping"'));
    nemo.scenario.release("turn");
    expect(await exited).toBe(0);
    await chat.nextBotMessage((message) => message.text.includes("The sea is ready."), PATIENTLY);
  });
});
