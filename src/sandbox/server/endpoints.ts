/**
 * The endpoints of the backend. Each checks its request first and throws a `Refusal`; only what is sound in
 * itself meets a scenario and is then carried out. Source: nemo-api.md, "Endpoints".
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account, Accounts } from "../accounts.ts";
import { performTurn } from "../agent/turn.ts";
import { type AgentOptions, planTurn } from "../agent/turn-plan.ts";
import { type Answer, json, Refusal, success } from "../answers.ts";
import type { FileStore } from "../media/file-store.ts";
import type { Source } from "../media/film.ts";
import type { Renders } from "../media/renders.ts";
import { placeFiles, receiveMultipart, receiveUrls } from "../media/uploads.ts";
import { giveDraft, givenDraft, shownProject } from "../project/given-drafts.ts";
import { isExportable } from "../project/project.ts";
import type { Session, Sessions } from "../project/sessions.ts";
import type { Dialects, ScenarioAction, ScenarioTarget } from "../scenario.ts";
import type { ScenarioQueue } from "../scenario-queue.ts";
import type { RecordedRequest } from "./recorded-requests.ts";
import {
  checkBody,
  claimBody,
  readJson,
  renderBody,
  sessionBody,
  turnBody,
  urlUploadBody,
} from "./request-bodies.ts";

/** The parts of a sandbox that endpoints work with. */
export interface Backend {
  accounts: Accounts;
  sessions: Sessions;
  store: FileStore;
  renders: Renders;
  scenarios: ScenarioQueue;
  agent: AgentOptions;
  /** Uploads by media id. */
  sources: Map<string, Source>;
  ffmpeg: string | null;
  now: () => number;
  /** Largest file in bytes; `images` is the limit of the skill `free-image-editing`. */
  uploadLimitBytes: { general: number; images: number };
  /** Base address of this sandbox. */
  baseUrl(): string;
  stopped: AbortSignal;
}

/** One request on its way. */
export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** What the endpoint's pattern captured, decoded. */
  params: string[];
  record: RecordedRequest;
  /** Aborts when the client is gone or the sandbox stops. */
  signal: AbortSignal;
}

/** Carries out a checked request; `action` is null or one that goes on as normal. */
export type Perform = (action: ScenarioAction | null, dialects: Dialects) => Promise<Answer> | Answer;

/** An endpoint. */
export interface Endpoint {
  on: ScenarioTarget;
  method: "GET" | "POST";
  pattern: RegExp;
  check(backend: Backend, call: Call): Promise<Perform> | Perform;
}

/** All endpoints of the backend. */
export const ENDPOINTS: readonly Endpoint[] = [
  { on: "token", method: "POST", pattern: /^\/api\/auth\/anonymous-token$/, check: freeToken },
  {
    on: "session",
    method: "POST",
    pattern: /^\/api\/tasks\/me\/with-session\/nemo_agent$/,
    check: newSession,
  },
  { on: "turn", method: "POST", pattern: /^\/run_sse$/, check: turn },
  { on: "upload", method: "POST", pattern: /^\/api\/upload-video\/nemo_agent\/me\/([^/]+)$/, check: upload },
  { on: "credits", method: "GET", pattern: /^\/api\/credits\/balance\/simple$/, check: credits },
  { on: "state", method: "GET", pattern: /^\/api\/state\/nemo_agent\/me\/([^/]+)\/latest$/, check: state },
  { on: "render", method: "POST", pattern: /^\/api\/render\/proxy\/lambda$/, check: render },
  {
    on: "render-status",
    method: "GET",
    pattern: /^\/api\/render\/proxy\/lambda\/([^/]+)$/,
    check: renderStatus,
  },
  {
    on: "render-cancel",
    method: "POST",
    pattern: /^\/api\/render\/proxy\/lambda\/([^/]+)\/cancel$/,
    check: renderCancel,
  },
  { on: "download", method: "GET", pattern: /^\/api\/render\/proxy\/([^/]+)\/download$/, check: download },
  { on: "claim", method: "POST", pattern: /^\/api\/auth\/claim-token$/, check: claim },
  { on: "file", method: "GET", pattern: /^\/files\/([\w-]+)\/[^/]+$/, check: publicFile },
];

function freeToken({ accounts }: Backend, call: Call): Perform {
  const ip = call.request.socket.remoteAddress ?? "unknown";
  const clientId = accounts.check(headerOf(call, "x-client-id"), ip);
  return (_, dialects) => {
    const { token, account, expiresAt } = accounts.issue(clientId, ip);
    if (!isAttributed(call)) account.isUnattributed = true;
    const data = {
      token,
      user_id: account.userId,
      expires_at: new Date(expiresAt).toISOString(),
      credits: account.total - account.frozen,
    };
    return success(data, dialects.envelope);
  };
}

async function newSession(backend: Backend, call: Call): Promise<Perform> {
  const account = authorize(backend, call);
  const body = checkBody(sessionBody, await readBody(call));
  return (_, dialects) => {
    const session = backend.sessions.create(account, {
      taskName: body.task_name,
      language: body.language ?? "en",
    });
    if (!isAttributed(call)) session.isUnattributed = true;
    const data = { task_id: session.taskId, user_id: account.userId };
    return dialects.session === "top-level"
      ? success(data, dialects.envelope, { session_id: session.id })
      : success({ ...data, session_id: session.id }, dialects.envelope);
  };
}

async function turn(backend: Backend, call: Call): Promise<Perform> {
  const account = authorize(backend, call);
  const body = checkBody(turnBody, await readBody(call));
  if (!(headerOf(call, "accept") ?? "").toLowerCase().includes("text/event-stream")) {
    throw new Refusal(400, "Accept must include text/event-stream");
  }
  const session = sessionFor(backend, call, body.session_id, account);
  const checkFree = () => {
    if (session.isRunning) throw new Refusal(409, "A run is already active for this session");
  };
  checkFree();
  if (account.total - account.frozen <= 0) throw new Refusal(2001, "Insufficient credits");
  return async (action, dialects) => {
    // Again: a delay may have let another run start.
    checkFree();
    const text = hearLanguage(session, body.new_message.parts.map((part) => part.text).join("\n"));
    const plan = planTurn(session, text, action, backend.agent);
    if (account.total - account.frozen < plan.credits) throw new Refusal(2001, "Insufficient credits");
    session.turns += 1;
    await performTurn(session, plan, {
      response: call.response,
      scenarios: backend.scenarios,
      dialects,
      now: backend.now,
      stopped: backend.stopped,
      headersFirst: !(action?.kind === "drop" && action.when === "before-answer"),
    });
    return { kind: "written" };
  };
}

async function upload(backend: Backend, call: Call): Promise<Perform> {
  const account = authorize(backend, call);
  const session = sessionFor(backend, call, call.params[0], account);
  const limitBytes =
    headerOf(call, "x-skill-source") === "free-image-editing"
      ? backend.uploadLimitBytes.images
      : backend.uploadLimitBytes.general;
  const type = headerOf(call, "content-type") ?? "";
  if (!/^(?:multipart\/form-data|application\/json)\b/i.test(type)) {
    throw new Refusal(415, "Content-Type must be multipart/form-data or application/json");
  }
  const byUrl = type.startsWith("application/json");
  const urls = byUrl ? checkBody(urlUploadBody, await readBody(call)).urls : [];
  // The bytes are read after the scenario: a refusal can come before them.
  return async (_, dialects) => {
    const received = byUrl
      ? await receiveUrls(urls, backend.store, limitBytes, call.signal)
      : await receiveMultipart(call.request, backend.store, limitBytes, call.signal);
    call.record.files = received.map(({ name, stored }) => ({
      name,
      sizeBytes: stored.sizeBytes,
      sha256: stored.hash,
    }));
    const files = await placeFiles(session, received, {
      ffmpeg: backend.ffmpeg,
      sources: backend.sources,
      publicUrl: (stored, name) => backend.baseUrl() + backend.store.publish(stored, name),
      isOnTimeline: dialects.uploads === "on-timeline",
      signal: call.signal,
    });
    return success({ files, session_state_applied: true }, dialects.envelope);
  };
}

function credits(backend: Backend, call: Call): Perform {
  const account = authorize(backend, call);
  if (!isAttributed(call)) account.isUnattributed = true;
  return (_, dialects) => {
    const { total, frozen } = account;
    return success({ available: total - frozen, frozen, total }, dialects.envelope);
  };
}

function state(backend: Backend, call: Call): Perform {
  const account = authorize(backend, call);
  const session = sessionFor(backend, call, call.params[0], account);
  return (_, dialects) => {
    const { serial: _serial, ...project } = shownProject(session);
    const draft = giveDraft(session, project.draft, dialects.paths);
    return success(
      {
        session_id: session.id,
        task_id: session.taskId,
        task_name: session.taskName,
        user_id: account.userId,
        state: { ...project, draft },
      },
      dialects.envelope,
    );
  };
}

async function render(backend: Backend, call: Call): Promise<Perform> {
  const account = authorize(backend, call);
  const body = checkBody(renderBody, await readBody(call));
  const session = sessionFor(backend, call, body.sessionId, account);
  if (account.isUnattributed || session.isUnattributed) {
    throw new Refusal(402, "Export is not available on the free plan");
  }
  const draft = givenDraft(session, body.draft);
  if (draft === null) throw new Refusal(400, "The draft is none that this session has given out");
  if (!isExportable(draft)) throw new Refusal(400, "The draft is empty");
  backend.renders.check(session, body.id);
  return (action, dialects) => {
    backend.renders.check(session, body.id);
    return backend.renders.start(session, { id: body.id, draft }, action, dialects);
  };
}

function renderStatus(backend: Backend, call: Call): Perform {
  const job = backend.renders.find(call.params[0] ?? "", authorize(backend, call));
  return (_, dialects) => backend.renders.status(job, dialects);
}

function renderCancel(backend: Backend, call: Call): Perform {
  const job = backend.renders.find(call.params[0] ?? "", authorize(backend, call));
  return (_, dialects) => backend.renders.cancel(job, dialects);
}

function download(backend: Backend, call: Call): Perform {
  const answer = backend.renders.file(backend.renders.find(call.params[0] ?? "", authorize(backend, call)));
  return () => answer;
}

async function claim(backend: Backend, call: Call): Promise<Perform> {
  const account = authorize(backend, call);
  const body = checkBody(claimBody, await readBody(call));
  const session = sessionFor(backend, call, body.session_id, account);
  if (session.taskId !== body.task_id) throw new Refusal(400, "task_id is not this session's");
  return (_, dialects) => {
    const token = `clm_${randomBytes(18).toString("base64url")}`;
    session.claimTokens = [...session.claimTokens.slice(-9), token];
    return success({ claim_token: token, expires_in: 604_800 }, dialects.envelope);
  };
}

function publicFile(backend: Backend, call: Call): Perform {
  const file = backend.store.published(call.params[0] ?? "");
  if (file === null) throw new Refusal(404, "Not found");
  if (headerOf(call, "authorization") !== undefined) {
    // Storage services answer a bearer token beside a signed address with an error; ours does too.
    return () => json({ error: "Only one authentication mechanism is allowed" }, 400);
  }
  return () => ({ kind: "file", ...file });
}

function authorize(backend: Backend, call: Call): Account {
  return backend.accounts.authenticate(headerOf(call, "authorization"));
}

/** The account's session; remembers a request without attribution headers. */
function sessionFor(backend: Backend, call: Call, id: string | undefined, account: Account): Session {
  const session = backend.sessions.find(id ?? "", account);
  if (!isAttributed(call)) session.isUnattributed = true;
  return session;
}

function isAttributed(call: Call): boolean {
  return ["x-skill-source", "x-skill-version", "x-skill-platform"].every(
    (name) => (headerOf(call, name) ?? "").trim() !== "",
  );
}

async function readBody(call: Call): Promise<unknown> {
  const body = await readJson(call.request);
  call.record.json = body;
  return body;
}

function headerOf(call: Call, name: string): string | undefined {
  const value = call.request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A first line about the language counts for this turn and later ones, as an agent would take it. */
function hearLanguage(session: Session, text: string): string {
  const asked = /^\(Please answer in ([\p{L} ]{2,40})\.\)\n/u.exec(text);
  if (!asked) return text;
  session.language = asked[1] === "Chinese" ? "zh" : (asked[1] ?? "").toLowerCase();
  return text.slice(asked[0].length);
}
