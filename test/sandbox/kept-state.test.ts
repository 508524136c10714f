/** A sandbox that goes on where the last one on its folder has ended. */
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { CLIP, clipBytes, temporaryFolder } from "../support/test-chat.ts";

async function startOn(dir: string) {
  const sandbox = await startSandbox({ dir, keepsState: true, ffmpeg: null });
  onTestFinished(() => sandbox.stop().catch(() => {}));
  return sandbox;
}

/** A sandbox's folder that knows one free account and one link, after its end. */
async function practised() {
  const dir = join(await temporaryFolder(), "sandbox");
  const first = await startOn(dir);
  const login = () =>
    fetch(`${first.url}/api/auth/anonymous-token`, { method: "POST", headers: { "x-client-id": "anna" } });
  const { data } = (await (await login()).json()) as { data: { token: string } };
  const link = first.publish({ path: CLIP, type: "video/mp4" }, "clip.mp4");
  await first.stop();
  return { dir, first, link, token: data.token };
}

const creditsOf = async (url: string, token: string) => {
  const answer = await fetch(`${url}/api/credits/balance/simple`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, body: await answer.text() };
};

describe("a sandbox that keeps its state", () => {
  it("knows accounts and links after its restart, at the same address", async () => {
    const { dir, first, link, token } = await practised();
    const second = await startOn(dir);
    expect(second.url).toBe(first.url);
    expect(Buffer.from(await (await fetch(link)).arrayBuffer())).toEqual(await clipBytes());
    expect(await creditsOf(second.url, token)).toMatchObject({
      status: 200,
      body: expect.stringContaining("100"),
    });
  });

  it("moves its links when another program has its address", async () => {
    const { dir, first, link, token } = await practised();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(Number(new URL(first.url).port), "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const second = await startOn(dir);
    expect(second.url).not.toBe(first.url);
    expect((await fetch(link.replace(first.url, second.url))).status).toBe(200);
    expect((await creditsOf(second.url, token)).status).toBe(200);
  });

  it("begins with nothing where the file cannot be read", async () => {
    const { dir, token } = await practised();
    await writeFile(join(dir, "state.json"), '{"version":7');
    const second = await startOn(dir);
    expect((await creditsOf(second.url, token)).body).toContain("Invalid or expired token");
  });
});
