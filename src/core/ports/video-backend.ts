/** What the core needs of the video editor. Implemented by `src/nemo`. Source: nemo-api.md. */
import type { BackendError } from "../model/backend-error.ts";
import type { Question } from "../model/question.ts";
import type { Timeline } from "../model/timeline.ts";
import type { ByteSource } from "./chat-platform.ts";

/** Whose credits pay. Free accounts are renewed by the client; an operator's token is used as it is. */
export interface BackendAccount {
  owner: "operator" | "free";
  /** UUID, stable for the conversation: the same id gets the same free account again. */
  clientId: string;
  /** Null before the first contact. A secret. */
  token: string | null;
  /** `anon_…` for free accounts; null while unknown. */
  userId: string | null;
  /** Epoch ms; null while unknown. */
  expiresAt: number | null;
}

/** On whose account calls are made, one or many. The client reads `account` before each request. */
export interface BackendCaller {
  readonly account: BackendAccount;
  /** Reads the kept account again: another call of this conversation may have renewed it. */
  reloadAccount(): Promise<void>;
  /** Attribution of the active skill, sent with every request. */
  readonly skill: { name: string; version: string; platform: string };
  /** Keeps a renewed account; resolved before its token is used. */
  saveAccount(account: BackendAccount): Promise<void>;
}

/** A session of the backend: one project with one timeline. */
export interface SessionRef {
  sessionId: string;
  taskId: string | null;
  /** Needed for the registration link; null when the backend does not say. */
  userId: string | null;
}

/** What a running turn tells. `keep-alive` means "still working", never an end and never an error. */
export type TurnEvent =
  | { type: "text"; text: string }
  | { type: "thought"; text: string }
  | { type: "tool-call"; name: string; args: Readonly<Record<string, unknown>> }
  | { type: "tool-result"; name: string; isError: boolean }
  /** The agent wants to know something; the answer is the next message. */
  | { type: "question"; question: Question }
  | { type: "keep-alive" }
  /** The agent's run failed; what it did before may stand. `error.kind` is `refused` when nothing better is known. */
  | { type: "failure"; error: BackendError };
export interface UploadFile {
  name: string;
  mimeType: string;
  sizeBytes: number;
  /** Opens the bytes from their start; called once an attempt. */
  open(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface UploadedMedia {
  name: string;
  /** Where the backend keeps it; null when it does not say. */
  url: string | null;
  type: "video" | "image" | "audio" | "other";
  durationS: number | null;
  width: number | null;
  height: number | null;
}

export interface Credits {
  available: number;
  /** Reserved by running work. */
  frozen: number;
  total: number;
}

/** A file that the project holds, on the timeline or not. */
export interface ProjectClip {
  name: string;
  /** Where the backend keeps it; null when it does not say. */
  url: string | null;
  type: UploadedMedia["type"];
  durationS: number | null;
}

export interface ProjectState {
  /** What the backend calls the project; absent when it does not say. */
  name?: string;
  timeline: Timeline;
  /** What was uploaded, oldest first. */
  clips: ProjectClip[];
  /** The draft as the backend gave it, to be handed back with a render; null when there is none. */
  draft: unknown;
}

export interface RenderStatus {
  /** The id to ask for next; the backend may have given one of its own. */
  renderId: string;
  phase: "pending" | "processing" | "completed" | "failed";
  /** 0–100; null when the backend does not say. */
  progress: number | null;
  url: string | null;
  durationS: number | null;
  sizeBytes: number | null;
  width: number | null;
  height: number | null;
}

/** The Nemo backend, every dialect in, one form out. All calls throw `BackendError`, or the signal's reason. */
export interface VideoBackend {
  /** Gets a free token for the caller's client id unless there is a token already. */
  signIn(caller: BackendCaller, signal: AbortSignal): Promise<void>;
  createSession(
    caller: BackendCaller,
    options: { language: string },
    signal: AbortSignal,
  ): Promise<SessionRef>;
  /**
   * Sends one message, once. Ends when the backend closes the stream; throws `connection-lost` when it
   * breaks. Leaving the iteration early hangs up, which can cancel the run on the server.
   */
  runTurn(
    caller: BackendCaller,
    turn: { sessionId: string; text: string },
    signal: AbortSignal,
  ): AsyncIterable<TurnEvent>;
  uploadFiles(
    caller: BackendCaller,
    upload: {
      sessionId: string;
      files: UploadFile[];
      onProgress?: (sentBytes: number, totalBytes: number) => void;
    },
    signal: AbortSignal,
  ): Promise<UploadedMedia[]>;
  uploadUrls(
    caller: BackendCaller,
    upload: { sessionId: string; urls: string[] },
    signal: AbortSignal,
  ): Promise<UploadedMedia[]>;
  readCredits(caller: BackendCaller, signal: AbortSignal): Promise<Credits>;
  readState(caller: BackendCaller, sessionId: string, signal: AbortSignal): Promise<ProjectState>;
  submitRender(
    caller: BackendCaller,
    render: {
      renderId: string;
      sessionId: string;
      draft: unknown;
      /** Where the project's files are: the backend's editor may name them by paths of its own. */
      files: readonly { name: string; url: string }[];
    },
    signal: AbortSignal,
  ): Promise<RenderStatus>;
  readRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<RenderStatus>;
  cancelRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<void>;
  /** The MP4 itself by the authorized download path. */
  openRender(caller: BackendCaller, renderId: string, signal: AbortSignal): Promise<ByteSource>;
  /** The MP4 from a render's public URL; the URL is not trusted with any token. */
  openUrl(url: string, signal: AbortSignal): Promise<ByteSource>;
  /** Address where a person opens the project in the browser. */
  createClaimLink(caller: BackendCaller, session: SessionRef, signal: AbortSignal): Promise<string>;
}
