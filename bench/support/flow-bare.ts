/**
 * The same way without a bot, for `bench/flow.ts`: clips from the fake platform to a new session of the backend, one
 * after another, and a turn opened, each by one plain HTTP request.
 */
import { startFakeTelegram } from "../../test/fakes/telegram/fake-telegram.ts";
import { median } from "./figures.ts";
import { clipBytes, startBackend } from "./flow-place.ts";

const ROUNDS = 9;

/** What it takes at the least, in ms, for so many clips; and one round trip to the platform. */
export async function measureBare(clips: readonly number[]): Promise<{ tripMs: number; openMs: number[] }> {
  const telegram = await startFakeTelegram();
  const nemo = await startBackend();
  const chat = telegram.privateChat();
  const message = chat.sendFile({ kind: "video", bytes: await clipBytes() });
  const fileId = message.file?.fileId ?? "";

  async function data(path: string, body: unknown, token?: string): Promise<Record<string, string>> {
    const isForm = body instanceof FormData;
    const response = await fetch(nemo.url + path, {
      method: "POST",
      headers: {
        accept: "application/json, text/event-stream",
        ...(isForm ? {} : { "content-type": "application/json" }),
        ...(token ? { authorization: `Bearer ${token}` } : { "x-client-id": crypto.randomUUID() }),
      },
      body: isForm ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return path === "/run_sse" ? {} : JSON.parse(text).data;
  }

  async function call(method: string, params: object): Promise<Record<string, string>> {
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.token}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(params),
    });
    const { result } = (await response.json()) as { result: Record<string, string> };
    return result;
  }

  async function open(count: number): Promise<number> {
    const startedAt = performance.now();
    const { token } = await data("/api/auth/anonymous-token", {});
    const session = await data("/api/tasks/me/with-session/nemo_agent", { task_name: "bare" }, token);
    const sessionId = session.session_id ?? "";
    for (let index = 0; index < count; index++) {
      const { file_path: path } = await call("getFile", { file_id: fileId });
      const file = await fetch(`${telegram.apiRoot}/file/bot${telegram.token}/${path}`);
      const form = new FormData();
      form.append("files", await file.blob(), "clip.mp4");
      await data(`/api/upload-video/nemo_agent/me/${sessionId}`, form, token);
    }
    const before = nemo.requests("POST /run_sse").length;
    await data(
      "/run_sse",
      {
        app_name: "nemo_agent",
        user_id: "me",
        session_id: sessionId,
        new_message: { parts: [{ text: 'add the title "Bare"' }] },
      },
      token,
    );
    const arrivedAt = nemo.requests("POST /run_sse")[before]?.receivedAt ?? Number.NaN;
    // The sandbox's clock counts from the epoch.
    return arrivedAt - (performance.timeOrigin + startedAt);
  }

  async function medianOf(measure: () => Promise<number>): Promise<number> {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await measure());
    return median(times);
  }

  try {
    const tripMs = await medianOf(async () => {
      const startedAt = performance.now();
      await call("getMe", {});
      return performance.now() - startedAt;
    });
    const openMs: number[] = [];
    for (const count of clips) openMs.push(await medianOf(() => open(count)));
    return { tripMs, openMs };
  } finally {
    await telegram.stop();
    await nemo.stop();
  }
}
