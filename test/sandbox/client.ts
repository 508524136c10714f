/** A plain client for the sandbox's tests: it sends what a test says and judges nothing. */
import { readFile } from "node:fs/promises";
import { onTestFinished } from "vitest";
import { type Sandbox, type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";

export const ATTRIBUTION = {
  "x-skill-source": "film-maker",
  "x-skill-version": "1.0.0",
  "x-skill-platform": "unknown",
};

/** Starts a sandbox for one test. Without ffmpeg and without chance, unless the test says otherwise. */
export async function sandboxFor(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ ffmpeg: null, silentShare: 0, guiShare: 0, ...options });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  // Tests look into answers freely; what is not there fails the assertion.
  json: Json;
}
export interface Json {
  [key: string]: Json;
}

export async function call(
  url: string,
  options: {
    method?: string;
    headers?: Record<string, string>;
    json?: unknown;
    body?: RequestInit["body"];
  } = {},
): Promise<Answered> {
  const { json, body } = options;
  const response = await fetch(url, {
    method: options.method ?? (json === undefined && body === undefined ? "GET" : "POST"),
    headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...options.headers },
    ...(json === undefined ? (body === undefined ? {} : { body }) : { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  let parsed: unknown = {};
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not JSON: tests read `text` then.
  }
  // See `Json`.
  return { status: response.status, headers: response.headers, text, json: parsed as Json };
}

export async function freeToken(sandbox: Sandbox, clientId = crypto.randomUUID()): Promise<string> {
  const answer = await call(`${sandbox.url}/api/auth/anonymous-token`, {
    method: "POST",
    headers: { ...ATTRIBUTION, "x-client-id": clientId },
  });
  return String(answer.json.data?.token);
}

/** Someone with a token and a session. */
export class Person {
  readonly sandbox: Sandbox;
  token = "";
  sessionId = "";
  taskId = "";

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  get headers(): Record<string, string> {
    return { ...ATTRIBUTION, authorization: `Bearer ${this.token}` };
  }

  get(path: string): Promise<Answered> {
    return call(this.sandbox.url + path, { headers: this.headers });
  }

  post(path: string, json: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    return call(this.sandbox.url + path, { json, headers: { ...this.headers, ...headers } });
  }

  turn(text: string): Promise<Answered> {
    return this.post("/run_sse", turnBody(this.sessionId, text), { accept: "text/event-stream" });
  }

  upload(
    files: { name: string; bytes: Uint8Array<ArrayBuffer> }[],
    headers = this.headers,
  ): Promise<Answered> {
    const form = new FormData();
    for (const file of files) form.append("files", new File([file.bytes], file.name));
    return call(`${this.sandbox.url}/api/upload-video/nemo_agent/me/${this.sessionId}`, {
      body: form,
      headers,
    });
  }

  async state(): Promise<Json> {
    return (await this.get(`/api/state/nemo_agent/me/${this.sessionId}/latest`)).json.data?.state ?? {};
  }

  /** Tracks as text: `0: clip 0-5000`, `7: Hello 0-3000`. */
  async tracks(): Promise<string[]> {
    const draft = (await this.state()).draft as unknown as {
      t: { tt: number; sg: { s: number; d: number; m: { title: string } }[] }[];
    };
    return draft.t.flatMap(({ tt, sg }) => sg.map(({ s, d, m }) => `${tt}: ${m.title} ${s}-${s + d}`));
  }

  async credits(): Promise<Json> {
    return (await this.get("/api/credits/balance/simple")).json.data ?? {};
  }

  async render(id: string): Promise<Answered> {
    const draft = (await this.state()).draft;
    return this.post("/api/render/proxy/lambda", renderBody(this.sessionId, id, draft));
  }

  /** Asks until a render is over. */
  async renderEnd(id: string): Promise<Json> {
    for (;;) {
      const { json } = await this.get(`/api/render/proxy/lambda/${id}`);
      const facts = json.data ?? json;
      if (String(facts.status) === "completed" || String(facts.status) === "failed") return facts;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export function turnBody(sessionId: string, text: string): Record<string, unknown> {
  return {
    app_name: "nemo_agent",
    user_id: "me",
    session_id: sessionId,
    new_message: { parts: [{ text }] },
  };
}

export function renderBody(sessionId: string, id: string, draft: unknown): Record<string, unknown> {
  return { id, sessionId, draft, output: { format: "mp4", quality: "high" } };
}

/** A person with a session and, if wanted, a clip on the timeline (10 s where it cannot be measured). */
export async function person(
  sandbox: Sandbox,
  options: { language?: string; clip?: boolean; token?: string } = {},
): Promise<Person> {
  const someone = new Person(sandbox);
  someone.token = options.token ?? (await freeToken(sandbox));
  const { json } = await someone.post("/api/tasks/me/with-session/nemo_agent", {
    task_name: "project",
    language: options.language ?? "en",
  });
  someone.sessionId = String(json.data?.session_id ?? json.session_id);
  someone.taskId = String(json.data?.task_id);
  if (options.clip === true) await someone.upload([{ name: "clip.mp4", bytes: await clipBytes() }]);
  return someone;
}

export async function clipBytes(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL("../fixtures/clip.mp4", import.meta.url)));
}

/** The JSON events of a stream; frames that are none are left out. */
export function events(stream: string): Json[] {
  return stream.split("\n\n").flatMap((frame) => {
    try {
      return [JSON.parse(frame.replace(/^data: /, "")) as Json];
    } catch {
      return [];
    }
  });
}
