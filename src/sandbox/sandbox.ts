/**
 * A stand-in for the Nemo backend over real HTTP, strict about what it takes and able to speak every
 * dialect. It serves the demo and the tests. Source: nemo-api.md, all of it.
 *
 * Prices are its own: 100 free credits, 1 for an edit, 5 for a generation, nothing for talk, uploads and
 * exports. An edit a minute and a generation now and then last an hour; the registration page fills up again.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { answerAndHangUp, hasBodyLeft } from "../lib/hang-up.ts";
import { Accounts } from "./accounts.ts";
import { failure, Refusal, send } from "./answers.ts";
import { type CommandAnswer, runCommand } from "./command.ts";
import { KeptState } from "./kept-state.ts";
import { findFfmpeg } from "./media/ffmpeg.ts";
import { FileStore } from "./media/file-store.ts";
import { Renders } from "./media/renders.ts";
import { Sessions } from "./project/sessions.ts";
import { type ScenarioApi, ScenarioQueue } from "./scenario-queue.ts";
import { adminAnswer } from "./server/admin.ts";
import type { Backend } from "./server/endpoints.ts";
import { webPage } from "./server/pages.ts";
import { type RecordedRequest, RequestRecord } from "./server/recorded-requests.ts";
import { serve } from "./server/router.ts";

/** Settings of a sandbox; every one has a default. */
export interface SandboxOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Default `127.0.0.1`. */
  host?: string;
  /** Decides which edits are silent and which GUI phrases are said. Default 1. */
  seed?: number;
  /** Share of edits that end without text, 0–1. Default 0.3. */
  silentShare?: number;
  /** Share of answers with a GUI phrase, 0–1. Default 0.25. */
  guiShare?: number;
  /** `demo` takes its time as a person would see it; `instant` (default) never waits. */
  pace?: "demo" | "instant";
  /** Path of ffmpeg; null: without; absent: as found on the PATH. */
  ffmpeg?: string | null;
  /** Epoch ms, for the expiry of tokens. Default the system's clock. */
  now?: () => number;
  /** Where files are kept. Default a fresh folder, removed on stop. */
  dir?: string;
  /** Goes on with what the last sandbox on `dir` had, at the same address if that is free. Default false. */
  keepsState?: boolean;
  /** Credits of a new account. Default 100. */
  credits?: number;
  prices?: { edit: number; generation: number };
  /** Tokens of registered users, `user_1`, `user_2`, … They never expire. */
  registeredTokens?: readonly string[];
  /** Free tokens an address gets in an hour. Default 1000; the real one gives 5. */
  ipLimitPerHour?: number;
  /** Largest upload in bytes. Default 500 MB, and 200 MB for the skill `free-image-editing`. */
  uploadLimitBytes?: { general: number; images: number };
  /** Opens the scenario API over HTTP under `/__sandbox/`. Default false. */
  admin?: boolean;
  /** Told of what goes wrong inside. Default silent. */
  log?: { warn(facts: object, message: string): void };
}

/** A running sandbox. */
export interface Sandbox {
  /** For `NEMO_API_URL`. */
  readonly url: string;
  /** For `NEMO_WEB_URL`: the pages to claim a project and to register. */
  readonly webUrl: string;
  /** Whether renders are made with ffmpeg. */
  readonly hasFfmpeg: boolean;
  readonly scenario: ScenarioApi;
  /** Requests, oldest first; filter by `"POST /run_sse"` or a path prefix. */
  requests(filter?: string): RecordedRequest[];
  /** Serves a file of this machine, as the web would; returns its address, for a link that a person sends. */
  publish(file: { path: string; type: string }, name: string): string;
  /** Carries out a line of the console, such as `error 2001`; answers in `language`, by default English. */
  command(line: string, language?: string): CommandAnswer;
  /** Closes every connection, kills what runs, removes its files. */
  stop(): Promise<void>;
}

/** What a render takes at least where people watch. */
const DEMO_RENDER_MS = 4_000;
const MEGABYTE = 1024 * 1024;

/** Starts a sandbox; resolves when it takes requests. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const stopping = new AbortController();
  const now = options.now ?? Date.now;
  const log = options.log ?? { warn: () => undefined };
  const ownDir = options.dir === undefined ? await mkdtemp(join(tmpdir(), "nemo-sandbox-")) : null;
  // ffmpeg runs in a folder of its own: what it is told must not depend on that.
  const store = new FileStore(resolve(options.dir ?? ownDir ?? tmpdir()));
  await store.open();
  const ffmpeg = options.ffmpeg === undefined ? await findFfmpeg(stopping.signal) : options.ffmpeg;
  const pace = options.pace ?? "instant";
  const sources: Backend["sources"] = new Map();
  let baseUrl = "";

  const backend: Backend = {
    accounts: new Accounts({
      now,
      credits: options.credits ?? 100,
      ipLimitPerHour: options.ipLimitPerHour ?? 1000,
      registeredTokens: options.registeredTokens ?? [],
    }),
    sessions: new Sessions(),
    scenarios: new ScenarioQueue(),
    agent: {
      seed: options.seed ?? 1,
      silentShare: options.silentShare ?? 0.3,
      guiShare: options.guiShare ?? 0.25,
      pace,
      prices: options.prices ?? { edit: 1, generation: 5 },
    },
    renders: new Renders({
      ffmpeg,
      store,
      sources,
      lastsMs: pace === "demo" ? DEMO_RENDER_MS : 0,
      publicUrl: (path) => baseUrl + store.publish({ path, type: "video/mp4" }, "video.mp4"),
      warn: (facts, message) => log.warn(facts, message),
      stopped: stopping.signal,
    }),
    store,
    sources,
    ffmpeg,
    now,
    uploadLimitBytes: options.uploadLimitBytes ?? { general: 500 * MEGABYTE, images: 200 * MEGABYTE },
    baseUrl: () => baseUrl,
    stopped: stopping.signal,
  };
  const kept = options.keepsState ? new KeptState(join(store.dir, "state.json"), backend) : null;
  const requests = new RequestRecord();
  const command = (line: string, language?: string) => runCommand(line, backend, language);

  const save = async () => {
    try {
      await kept?.save(baseUrl);
    } catch (error) {
      log.warn({ error: String(error) }, "the sandbox could not write down its projects");
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", baseUrl);
    const record = requests.add({
      method: request.method ?? "GET",
      path: url.pathname + url.search,
      headers: flatHeaders(request),
      receivedAt: now(),
    });
    response.on("finish", () => {
      record.status = response.statusCode;
    });
    response.on("close", () => save());
    try {
      const special =
        webPage(backend, record.method, url) ??
        (options.admin === true
          ? await adminAnswer({ scenarios: backend.scenarios, requests, command }, request, url)
          : null);
      if (special !== null) await send(request, response, special);
      else await serve(backend, request, response, url, record);
    } catch (error) {
      // No client is left to be told.
      if (response.destroyed || stopping.signal.aborted) return;
      if (!(error instanceof Refusal))
        log.warn({ error: String(error), path: url.pathname }, "a request failed");
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const refusal = error instanceof Refusal ? error : new Refusal(500, "Internal error");
      const answer = failure(refusal.code, refusal.message, backend.scenarios.dialects.envelope);
      const isTooMuch = answer.kind === "body" && answer.status === 413;
      if (answer.kind === "body" && (isTooMuch || hasBodyLeft(request))) {
        await answerAndHangUp(request, response, answer);
      } else await send(request, response, answer);
    }
  };

  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      // The socket died under the answer.
      log.warn({ error: String(error) }, "an answer was cut off");
      response.destroy();
    });
  });
  const last = await kept?.read();
  const host = options.host ?? "127.0.0.1";
  // At the old address links that people have go on working; another program may have it by now.
  const isOldFree = last && options.port === undefined && (await listens(server, last.port, host));
  if (!isOldFree && !(await listens(server, options.port ?? 0, host))) {
    throw new Error(`port ${options.port} is taken`);
  }
  // A TCP server's address is never a pipe's name.
  const { port, family, address } = server.address() as AddressInfo;
  baseUrl = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;

  if (last) kept?.restore(last.text, baseUrl);

  return {
    url: baseUrl,
    webUrl: baseUrl,
    hasFfmpeg: ffmpeg !== null,
    scenario: backend.scenarios,
    requests: (filter) => requests.matching(filter),
    publish: (file, name) => baseUrl + store.publish(file, name),
    command,
    async stop() {
      stopping.abort(new Error("the sandbox stops"));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, backend.renders.stop()]);
      await save();
      if (ownDir !== null) await rm(ownDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** False when the port is taken. */
async function listens(server: Server, port: number, host: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const refused = (error: NodeJS.ErrnoException) =>
    error.code === "EADDRINUSE" ? resolve(false) : reject(error);
  server.once("error", refused);
  server.listen(port, host, () => resolve(true));
  return promise.finally(() => server.off("error", refused));
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );
}
