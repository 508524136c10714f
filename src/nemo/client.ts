/**
 * The client of the Nemo backend: one method an endpoint, every dialect in, one form out.
 * Source: nemo-api.md. How a call is made is in `api.ts`, the wire in `transport/http.ts`, kinds of errors in `transport/errors.ts`.
 */
import { BackendError } from "../core/model/backend-error.ts";
import type { ByteSource } from "../core/ports/chat-platform.ts";
import type { Clock, Log } from "../core/ports/runtime.ts";
import type {
  BackendCaller,
  Credits,
  ProjectState,
  RenderStatus,
  SessionRef,
  TurnEvent,
  UploadedMedia,
  VideoBackend,
} from "../core/ports/video-backend.ts";
import {
  type AddressRule,
  isTrusted,
  leadsOutside,
  type ResolveHost,
  systemResolve,
} from "../lib/public-address.ts";
import {
  claimAnswer,
  creditsAnswer,
  hasToken,
  namedUser,
  renderAnswer,
  sessionAnswer,
} from "./answers/answers.ts";
import { readProjectState } from "./answers/draft.ts";
import { pathSegment } from "./answers/ids.ts";
import { renderableDraft } from "./answers/render-draft.ts";
import { readUpload } from "./answers/upload-answer.ts";
import { type ApiCall, joinUrl, NemoApi } from "./api.ts";
import { ACCEPT_VIDEO, openPublicUrl, readVideo } from "./files/download.ts";
import { sendFiles } from "./files/upload.ts";
import { readTurn } from "./stream/read-turn.ts";
import { isJsonObject, openEnvelope } from "./transport/envelope.ts";
import { discard, header, isSuccess, readText, readWords, redirectOf } from "./transport/http.ts";
import { DEFAULT_LIMITS, type NemoLimits } from "./transport/limits.ts";
import { withRepeats } from "./transport/repeat.ts";

export interface NemoClientOptions {
  /** `NEMO_API_URL`; a path in it is kept. */
  apiUrl: string;
  /** `NEMO_WEB_URL`, for the claim link. */
  webUrl: string;
  /** `RETRY_WAIT_MS`: the wait before the single repeat after 429. */
  retryWaitMs: number;
  log: Log;
  clock: Clock;
  /** Looks up hosts of finished videos; absent: the system does. */
  resolveHost?: ResolveHost;
  /** Those not given are `DEFAULT_LIMITS`. */
  limits?: Partial<NemoLimits>;
}

/** Speaks to the backend for any number of callers. Errors hold no token, URL or body. */
export class NemoClient implements VideoBackend {
  readonly #options: NemoClientOptions;
  readonly #limits: NemoLimits;
  readonly #api: NemoApi;
  readonly #resolveHost: ResolveHost;
  /** Where finished videos may lie. The backend's own origin is the sandbox's, among others. */
  readonly #renderRule: AddressRule;

  constructor(options: NemoClientOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#resolveHost = options.resolveHost ?? systemResolve;
    this.#renderRule = { schemes: ["https:"], trustedOrigins: [new URL(options.apiUrl).origin] };
    this.#api = new NemoApi({ ...options, limits: this.#limits, resolveHost: this.#resolveHost });
  }

  /** Ends running calls and closes all connections. */
  close(): Promise<void> {
    return this.#api.close();
  }

  async signIn(caller: BackendCaller, signal: AbortSignal): Promise<void> {
    await this.#api.signIn(caller, signal);
  }

  createSession(
    caller: BackendCaller,
    options: { language: string },
    signal: AbortSignal,
  ): Promise<SessionRef> {
    const call: ApiCall = {
      operation: "create session",
      subject: "account",
      method: "POST",
      path: "/api/tasks/me/with-session/nemo_agent",
      json: { task_name: "project", language: options.language },
    };
    return this.#api.answer(caller, call, sessionAnswer, signal);
  }

  /**
   * As the port says. It is sent again in three cases only, each meaning that nothing was done: no connection
   * came about, 429 (once), and a refused token (once) — as a status, an envelope or the first frame that is
   * no keep-alive.
   */
  async *runTurn(
    caller: BackendCaller,
    turn: { sessionId: string; text: string },
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void, undefined> {
    const call: ApiCall = {
      operation: "run turn",
      subject: "session",
      method: "POST",
      path: "/run_sse",
      json: {
        app_name: "nemo_agent",
        user_id: "me",
        session_id: turn.sessionId,
        new_message: { parts: [{ text: turn.text }] },
      },
      // A quiet stream is a working one; the caller's signal holds the limits of a turn.
      silenceMs: 0,
      accept: "text/event-stream",
    };
    const { log } = this.#options;
    const options = { operation: call.operation, limits: this.#limits, log, signal };
    const { begin, again } = await this.#api.attempts(caller, call, signal);
    for (;;) {
      try {
        await begin();
        // It throws a refusal only before it has yielded anything that a second attempt would tell again.
        yield* readTurn(() => this.#api.send(caller, call, signal), options);
        return;
      } catch (error) {
        await again(error);
      }
    }
  }

  async uploadFiles(
    caller: BackendCaller,
    upload: Parameters<VideoBackend["uploadFiles"]>[1],
    signal: AbortSignal,
  ): Promise<UploadedMedia[]> {
    const call: ApiCall = {
      operation: "upload files",
      subject: "upload",
      method: "POST",
      path: uploadPath(upload.sessionId, "upload files"),
    };
    const fields = await this.#api.repeat(caller, call, signal, async () => {
      const headers = await this.#api.headers(caller, call, signal);
      const request = { url: this.#api.url(call.path), headers, operation: call.operation };
      const { answer, text } = await sendFiles(this.#api.http, request, upload, this.#limits, signal);
      return openEnvelope({ ...call, answer, text });
    });
    return readUpload(fields, call.operation);
  }

  async uploadUrls(
    caller: BackendCaller,
    upload: { sessionId: string; urls: string[] },
    signal: AbortSignal,
  ): Promise<UploadedMedia[]> {
    const call: ApiCall = {
      operation: "upload by URL",
      subject: "upload",
      method: "POST",
      path: uploadPath(upload.sessionId, "upload by URL"),
      json: { urls: upload.urls, source_type: "url" },
      // The backend fetches the files before it answers.
      silenceMs: this.#limits.uploadStallMs,
    };
    return readUpload(await this.#api.fields(caller, call, signal), call.operation);
  }

  readCredits(caller: BackendCaller, signal: AbortSignal): Promise<Credits> {
    const call: ApiCall = {
      operation: "read credits",
      subject: "account",
      method: "GET",
      path: "/api/credits/balance/simple",
      isIdempotent: true,
    };
    return this.#api.answer(caller, call, creditsAnswer, signal);
  }

  async readState(caller: BackendCaller, sessionId: string, signal: AbortSignal): Promise<ProjectState> {
    const call: ApiCall = {
      operation: "read state",
      subject: "session",
      method: "GET",
      path: `/api/state/nemo_agent/me/${pathSegment(sessionId, "read state")}/latest`,
      isIdempotent: true,
    };
    const fields = await this.#api.fields(caller, call, signal);
    await keepUser(caller, namedUser(fields) ?? namedUser(isJsonObject(fields.state) ? fields.state : {}));
    const name = typeof fields.task_name === "string" ? { name: fields.task_name } : {};
    if (fields.state === null) return { ...(await readProjectState({})), ...name };
    // An answer without a state must not pass for an empty project: recovery would call it a change.
    if (!isJsonObject(fields.state))
      throw new BackendError({ kind: "bad-answer", operation: call.operation });
    return { ...(await readProjectState(fields.state)), ...name };
  }

  submitRender(
    caller: BackendCaller,
    render: Parameters<VideoBackend["submitRender"]>[1],
    signal: AbortSignal,
  ): Promise<RenderStatus> {
    const call: ApiCall = {
      operation: "submit render",
      subject: "new-render",
      method: "POST",
      path: "/api/render/proxy/lambda",
      json: {
        id: render.renderId,
        sessionId: render.sessionId,
        draft: renderableDraft(render.draft, render.files),
        output: { format: "mp4", quality: "high" },
      },
    };
    return this.#renderStatus(caller, call, render.renderId, signal);
  }

  async readRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<RenderStatus> {
    const call: ApiCall = {
      operation: "read render",
      subject: "render",
      method: "GET",
      path: `/api/render/proxy/lambda/${pathSegment(renderId, "read render")}`,
      isIdempotent: true,
    };
    return this.#renderStatus(caller, call, renderId, signal);
  }

  /** Without an address whose name stands for one that is not public: it would be shown to people as well. */
  async #renderStatus(
    caller: BackendCaller,
    call: ApiCall,
    renderId: string,
    signal: AbortSignal,
  ): Promise<RenderStatus> {
    const rule = this.#renderRule;
    const status = await this.#api.answer(caller, call, renderAnswer(renderId, rule), signal);
    if (status.url === null || isTrusted(new URL(status.url), rule)) return status;
    const isOutside = await leadsOutside(
      new URL(status.url),
      this.#resolveHost,
      this.#limits.lookupTimeoutMs,
    );
    return isOutside ? status : { ...status, url: null };
  }

  async cancelRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<void> {
    const call: ApiCall = {
      operation: "cancel render",
      subject: "render",
      method: "POST",
      path: `/api/render/proxy/lambda/${pathSegment(renderId, "cancel render")}/cancel`,
      isIdempotent: true,
    };
    await this.#api.repeat(caller, call, signal, async () => {
      const answer = await this.#api.send(caller, call, signal);
      const text = await readText(answer, call.operation, this.#limits, signal);
      // The contract gives no answer for this call: an empty one is as good as any.
      if (isSuccess(answer) && text.trim() === "") return;
      openEnvelope({ ...call, answer, text });
    });
  }

  async openRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<ByteSource> {
    const call: ApiCall = {
      operation: "download render",
      subject: "render",
      method: "GET",
      path: `/api/render/proxy/${pathSegment(renderId, "download render")}/download`,
      accept: ACCEPT_VIDEO,
      isIdempotent: true,
    };
    // A redirect leads to storage that must not see our token, so it is followed as a public URL.
    const opened = await this.#api.repeat(caller, call, signal, async (): Promise<ByteSource | URL> => {
      const answer = await this.#api.send(caller, call, signal);
      const target = redirectOf(answer, this.#api.url(call.path));
      if (target !== null) {
        discard(answer);
        return target;
      }
      if (answer.statusCode === 200 && !/json/i.test(header(answer, "content-type") ?? "")) {
        const video = await readVideo(answer, call.operation, signal);
        if (video !== null) return video;
        throw new BackendError({ kind: "not-found", operation: call.operation });
      }
      const text = await readWords(answer, this.#limits, signal);
      try {
        openEnvelope({ ...call, answer, text });
      } catch (error) {
        // A refusal is told; a page, or JSON cut off, says only that the video is not here.
        if (!(error instanceof BackendError) || error.kind !== "bad-answer") throw error;
      }
      throw new BackendError({ kind: "not-found", operation: call.operation });
    });
    return opened instanceof URL ? this.#openPublic(opened.href, 1, signal) : opened;
  }

  openUrl(url: string, signal: AbortSignal): Promise<ByteSource> {
    return this.#openPublic(url, 0, signal);
  }

  /** `followed` are the redirects that led here. */
  #openPublic(url: string, followed: number, signal: AbortSignal): Promise<ByteSource> {
    const maxRedirects = this.#limits.maxRedirects - followed;
    const options = { limits: { ...this.#limits, maxRedirects }, rule: this.#renderRule };
    const repeats = this.#api.repeatOptions({ isIdempotent: true, remedy: async () => false }, signal);
    return withRepeats(() => openPublicUrl(this.#api.http, url, options, signal), repeats);
  }

  async createClaimLink(caller: BackendCaller, session: SessionRef, signal: AbortSignal): Promise<string> {
    const call: ApiCall = {
      operation: "create claim link",
      subject: "session",
      method: "POST",
      path: "/api/auth/claim-token",
      json: { task_id: session.taskId, session_id: session.sessionId },
    };
    const claimToken = await this.#api.answer(caller, call, claimAnswer, signal);
    // Only a claim token may be seen in an address, never the account's own.
    if (hasToken(claimToken)) throw new BackendError({ kind: "bad-answer", operation: call.operation });
    const link = joinUrl(this.#options.webUrl, "/workspace/claim");
    link.searchParams.set("ct", claimToken);
    return link.href;
  }
}

function uploadPath(sessionId: string, operation: string): string {
  return `/api/upload-video/nemo_agent/me/${pathSegment(sessionId, operation)}`;
}

/** A free account's owner may be named by any answer; the registration link needs the name. */
async function keepUser(caller: BackendCaller, userId: string | null): Promise<void> {
  const { account } = caller;
  if (userId === null || account.owner !== "free" || account.userId !== null || account.token === null)
    return;
  await caller.saveAccount({ ...account, userId });
}
