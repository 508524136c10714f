import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findFfmpeg } from "../../../src/sandbox/media/ffmpeg.ts";
import { ATTRIBUTION, call, clipBytes, person, renderBody, sandboxFor } from "../client.ts";

const run = promisify(execFile);
const ffmpeg = await findFfmpeg(AbortSignal.timeout(10_000));
if (ffmpeg === null) console.info("ffmpeg is not on the PATH: renders are checked without it only");

const RENDER = "/api/render/proxy/lambda";

/** What ffprobe says of an address. */
async function probed(url: string): Promise<{
  streams: { codec_name: string; width?: number; height?: number; pix_fmt?: string }[];
  format: { duration: string };
}> {
  const { stdout } = await run("ffprobe", [
    ...["-v", "error", "-show_streams", "-show_format"],
    ...["-of", "json", url],
  ]);
  return JSON.parse(stdout);
}

describe("a render request", () => {
  it.each<[string, (body: Record<string, unknown>) => object]>([
    ["no id", ({ id: _, ...body }) => body],
    ["session_id in snake_case", ({ sessionId, ...body }) => ({ ...body, session_id: sessionId })],
    ["another format", (body) => ({ ...body, output: { format: "gif" } })],
    ["an older draft", (body) => ({ ...body, draft: { t: [], d: 0 } })],
  ])("is refused with 400 for %s", async (_, change) => {
    const someone = await person(await sandboxFor(), { clip: true });
    const body = renderBody(someone.sessionId, "render_1", (await someone.state()).draft);
    expect((await someone.post(RENDER, change(body))).status).toBe(400);
  });

  it("takes the draft with its keys in any order", async () => {
    const someone = await person(await sandboxFor(), { clip: true });
    const draft = (await someone.state()).draft ?? {};
    const turned = Object.fromEntries(Object.entries(draft).reverse());
    expect((await someone.post(RENDER, renderBody(someone.sessionId, "render_1", turned))).status).toBe(200);
  });

  it("is refused with 400 for an empty project", async () => {
    const someone = await person(await sandboxFor());
    expect((await someone.render("render_1")).status).toBe(400);
  });

  it("is refused with 402 once a request came without attribution headers", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    await call(`${sandbox.url}/api/state/nemo_agent/me/${someone.sessionId}/latest`, {
      headers: { authorization: `Bearer ${someone.token}`, "x-skill-source": "film-maker" },
    });
    expect((await someone.render("render_1")).json).toMatchObject({ code: 402 });
  });

  it("is refused with 409 for an id that was used, and while another one is active", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
    await someone.render("render_1");
    expect((await someone.render("render_2")).json).toMatchObject({
      message: expect.stringContaining("active"),
    });
    await someone.post(`${RENDER}/render_1/cancel`, {});
    expect((await someone.render("render_1")).json).toMatchObject({ message: "Duplicate render id" });
    expect((await someone.render("render_3")).status).toBe(200);
  });
});

describe("a render", () => {
  it("goes from pending to completed and costs nothing", async () => {
    const someone = await person(await sandboxFor(), { clip: true });
    expect((await someone.render("render_1")).json).toEqual({
      id: "render_1",
      status: "pending",
      progress: 5,
    });
    const end = await someone.renderEnd("render_1");
    expect(end).toMatchObject({ status: "completed", progress: 100, output: { duration: 10 } });
    expect(await someone.credits()).toMatchObject({ available: 100 });
  });

  it("gives the uploaded clip without ffmpeg, by its public address and by download", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    await someone.render("render_1");
    const { output } = await someone.renderEnd("render_1");
    const bytes = await clipBytes();
    expect(String(output?.size)).toBe(String(bytes.length));
    const sha = async (response: Response) =>
      createHash("sha256")
        .update(new Uint8Array(await response.arrayBuffer()))
        .digest("hex");
    const expected = createHash("sha256").update(bytes).digest("hex");
    expect(await sha(await fetch(String(output?.url)))).toBe(expected);
    const path = `${sandbox.url}/api/render/proxy/render_1/download`;
    expect(await sha(await fetch(path, { headers: someone.headers }))).toBe(expected);
    expect((await call(path)).json).toMatchObject({ code: 1001 });
  });

  it("reports scripted progress, one figure a request, then its end", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "render", do: { kind: "render", progress: [20, 70] } });
    await someone.render("render_1");
    const seen: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const { json } = await someone.get(`${RENDER}/render_1`);
      seen.push(`${json.status} ${json.progress}`);
    }
    expect(seen).toEqual(["processing 20", "processing 70", "completed 100"]);
  });

  it("can fail", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.command("fail-render");
    await someone.render("render_1");
    expect(await someone.renderEnd("render_1")).toMatchObject({
      status: "failed",
      error: "Lambda function timed out",
    });
    expect((await someone.get("/api/render/proxy/render_1/download")).status).toBe(404);
  });

  it("can be cancelled", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
    await someone.render("render_1");
    expect((await someone.post(`${RENDER}/render_1/cancel`, {})).status).toBe(200);
    expect(await someone.renderEnd("render_1")).toMatchObject({
      status: "failed",
      error: "Render cancelled",
    });
  });

  it("is seen by its own account only", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    await someone.render("render_1");
    const stranger = await person(sandbox);
    expect((await stranger.get(`${RENDER}/render_1`)).status).toBe(404);
    expect((await someone.get(`${RENDER}/render_2`)).status).toBe(404);
  });

  it("speaks dialect B", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.setDialect({ render: "B" });
    expect((await someone.render("render_1")).json).toEqual({
      success: true,
      data: { id: "render_1", status: "pending", progress: 5 },
    });
    const end = await someone.renderEnd("render_1");
    expect(end.outputUrl).toEqual(expect.stringContaining("/files/"));
    expect(end.output).not.toHaveProperty("url");
  });

  it("can have an id of the backend's own", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.setDialect({ renderId: "own" });
    const { json } = await someone.render("render_1");
    expect(json.taskId).toEqual(expect.stringMatching(/^lambda_/));
    expect((await someone.get(`${RENDER}/render_1`)).status).toBe(404);
    expect(await someone.renderEnd(String(json.taskId))).toMatchObject({ status: "completed" });
  });

  it("can end without an address; the download path still works", async () => {
    const sandbox = await sandboxFor();
    const someone = await person(sandbox, { clip: true });
    sandbox.scenario.add({ on: "render", do: { kind: "render", omitUrl: true } });
    await someone.render("render_1");
    expect((await someone.renderEnd("render_1")).output).not.toHaveProperty("url");
    expect((await someone.get("/api/render/proxy/render_1/download")).status).toBe(200);
  });

  it("of a project without an upload gives a film, ffmpeg or not", async () => {
    const someone = await person(await sandboxFor());
    await someone.turn("generate a video of the sea");
    await someone.render("render_1");
    const { output } = await someone.renderEnd("render_1");
    const film = new Uint8Array(await (await fetch(String(output?.url))).arrayBuffer());
    expect(Buffer.from(film.slice(4, 8)).toString()).toBe("ftyp");
  });
});

if (ffmpeg !== null) {
  describe("a render with ffmpeg", () => {
    it("is a playable H.264 MP4 with trim, speed, size, music and a title that is no filter", async () => {
      const someone = await person(await sandboxFor({ ffmpeg }), { clip: true });
      await someone.turn("trim to 2 seconds and speed up 2x, make it square");
      await someone.turn(`add a title "a':b=%{pts};[x],\\ ü" and add lo-fi music`);
      await someone.render("render_1");
      const { output, status } = await someone.renderEnd("render_1");
      expect(status).toBe("completed");
      const facts = await probed(String(output?.url));
      expect(facts.streams[0]).toMatchObject({
        codec_name: "h264",
        pix_fmt: "yuv420p",
        width: 1080,
        height: 1080,
      });
      expect(facts.streams[1]).toMatchObject({ codec_name: "aac" });
      expect(Number(facts.format.duration)).toBeGreaterThan(0.9);
      expect(Number(facts.format.duration)).toBeLessThan(1.2);
    });

    it("makes pictures and generated clips into one film", async () => {
      const someone = await person(await sandboxFor({ ffmpeg }));
      const folder = await mkdtemp(join(tmpdir(), "sandbox-test-"));
      const picture = join(folder, "p.png");
      await run(ffmpeg, [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "color=red:s=200x100",
        "-frames:v",
        "1",
        picture,
      ]);
      const { readFile } = await import("node:fs/promises");
      await someone.upload([{ name: "photo.png", bytes: new Uint8Array(await readFile(picture)) }]);
      await rm(folder, { recursive: true });
      await someone.turn("generate a 2 second video of rain");
      await someone.render("render_1");
      const facts = await probed(String((await someone.renderEnd("render_1")).output?.url));
      expect(facts.streams[0]).toMatchObject({ codec_name: "h264", width: 200, height: 100 });
      expect(Math.round(Number(facts.format.duration))).toBe(5);
    });

    it("never opens what a false clip points to", async () => {
      const warnings: string[] = [];
      const sandbox = await sandboxFor({ ffmpeg, log: { warn: (_, message) => warnings.push(message) } });
      const someone = await person(sandbox);
      const folder = await mkdtemp(join(tmpdir(), "sandbox-test-"));
      const secret = join(folder, "secret.mp4");
      await writeFile(secret, await clipBytes());
      const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${secret}\n#EXT-X-ENDLIST\n`;
      await someone.upload([{ name: "clip.mp4", bytes: new Uint8Array(Buffer.from(playlist)) }]);
      await someone.render("render_1");
      const end = await someone.renderEnd("render_1");
      await rm(folder, { recursive: true });
      // The sample film takes its place.
      expect(end).toMatchObject({ status: "completed", output: { duration: 3 } });
      expect(warnings).toEqual(["ffmpeg could not render; the clip itself is given"]);
    });

    it("is killed when the sandbox stops", async () => {
      const sandbox = await sandboxFor({ ffmpeg });
      const someone = await person(sandbox);
      await someone.turn("generate a 60 second video of snow");
      await someone.render("render_1");
      const startedAt = performance.now();
      await sandbox.stop();
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    });
  });
}

describe("attribution", () => {
  it("has to come with the token request as well", async () => {
    const sandbox = await sandboxFor();
    const { json } = await call(`${sandbox.url}/api/auth/anonymous-token`, {
      method: "POST",
      headers: { "x-client-id": "bare" },
    });
    const someone = await person(sandbox, { token: String(json.data?.token), clip: true });
    expect((await someone.render("render_1")).json).toMatchObject({ code: 402 });
    expect(Object.keys(ATTRIBUTION)).toHaveLength(3);
  });
});
