/** Everything the core works with, handed in by `src/app/compose.ts`: the ports, the texts and the limits. */

import type { Reminders } from "../../lib/reminders.ts";
import type { Locales } from "../model/locales.ts";
import type { SkillCatalog } from "../model/skill.ts";
import type {
  ChatPlatform,
  Clock,
  ConversationStore,
  Links,
  Log,
  Metrics,
  VideoBackend,
  WorkQueue,
} from "./ports.ts";

export interface World {
  store: ConversationStore;
  backend: VideoBackend;
  queue: WorkQueue;
  links: Links;
  clock: Clock;
  skills: SkillCatalog;
  locales: Locales;
  log: Log;
  metrics: Metrics;
  /** Runs a task whose log lines all name the turn they belong to. */
  inTurn<T>(turn: string, task: () => Promise<T>): Promise<T>;
  /** The platforms that run, by name. */
  platforms: ReadonlyMap<string, ChatPlatform>;
  /** Serves all conversations; null: a free token for each. A secret. */
  operatorToken: string | null;
  /** Who runs the bot, as `<platform>:<id>`. */
  operators: ReadonlySet<string>;
  /** What the operator is told again and again, but not each time. */
  reminders: Reminders;
  /** Base of the pages for people: registration, top-up. */
  webUrl: string;
  limits: Limits;
}

/** The bounds of a conversation; times in ms. Sources: nemo-api.md, DESIGN.md rule 9. */
export interface Limits {
  stillWorkingMs: number;
  turnTimeoutMs: number;
  heartbeatOnlyTimeoutMs: number;
  recoveryFirstWaitMs: number;
  recoveryWaitMs: number;
  /** A number of reads. */
  recoveryMaxReads: number;
  /** Waits before the looks at the state after a silent edit: it may lag behind, 5 s were seen. */
  lagWaitsMs: readonly number[];
  /** Wait before the first look at a render; each further one is half as long again, up to `exportPollMs`. */
  exportFirstPollMs: number;
  exportPollMs: number;
  exportTimeoutMs: number;
  /** Text is shown when the backend pauses for so long, or when a message is full. */
  textPauseMs: number;
  /** UTF-16 units of one message of a person. */
  maxTextLength: number;
  maxFilesPerMessage: number;
  /** Files remembered for "upload again". */
  maxRememberedFiles: number;
  /** Uploads whose addresses are remembered. */
  maxUploads: number;
}

/** Bounds that no setting changes. */
export const FIXED_LIMITS = {
  lagWaitsMs: [0, 1_000, 2_000, 4_000, 8_000, 15_000],
  textPauseMs: 2_000,
  maxTextLength: 8_000,
  maxFilesPerMessage: 10,
  maxRememberedFiles: 20,
  maxUploads: 100,
  exportFirstPollMs: 3_000,
} as const satisfies Partial<Limits>;

const REASONS = {
  cancelled: "the person cancelled",
  gone: "the chat is gone",
  shutdown: "the process shuts down",
} as const;

/** True when `signal` was aborted because the process ends: the work itself is to go on later. */
export function isShutdown(signal: AbortSignal): boolean {
  return signal.reason instanceof StopError && signal.reason.kind === "shutdown";
}

/** Why running work was stopped. */
export class StopError extends Error {
  /** `cancelled`: the person does not want to wait. `gone`: there is nobody to answer. `shutdown`: the process ends, the work does not. */
  readonly kind: "cancelled" | "gone" | "shutdown";

  constructor(kind: StopError["kind"]) {
    super(REASONS[kind]);
    this.name = "StopError";
    this.kind = kind;
  }
}
