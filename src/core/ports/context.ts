/** Everything the core works with, handed in by `src/app/compose.ts`: the ports, the texts and the limits. */

import type { LogLimit } from "../../lib/log-limit.ts";
import type { Locales } from "../model/locales.ts";
import type { SkillCatalog } from "../model/skill.ts";
import type { Understanding } from "../model/understanding.ts";
import type { ChatPlatform, Links } from "./chat-platform.ts";
import type { Outbox } from "./outbox.ts";
import type { Clock, Log, Metrics } from "./runtime.ts";
import type { ConversationStore } from "./store.ts";
import type { VideoBackend } from "./video-backend.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface Context {
  store: ConversationStore;
  backend: VideoBackend;
  queue: WorkQueue;
  links: Links;
  clock: Clock;
  skills: SkillCatalog;
  locales: Locales;
  understanding: Understanding;
  log: Log;
  metrics: Metrics;
  /** Where messages that people are owed leave. */
  outbox: Outbox;
  /** Runs a task whose log lines all name the turn they belong to. */
  inTurn<T>(turn: string, task: () => Promise<T>): Promise<T>;
  /** The platforms that run, by name. */
  platforms: ReadonlyMap<string, ChatPlatform>;
  /** Serves all conversations; null: a free token for each. A secret. */
  operatorToken: string | null;
  /** Who runs the bot, as `<platform>:<id>`. */
  operators: ReadonlySet<string>;
  /** What the operator is told again and again, but not each time. */
  reminders: LogLimit;
  /** Aborted when the process ends: what only shows something stops. */
  stopping: AbortSignal;
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
  /** The agent's whole sentences are written down when it pauses for so long. */
  textPauseMs: number;
  /** An answer that comes sooner has no living message before it. */
  livingFirstMs: number;
  /** Between two updates of a living message that tell something new. */
  livingNewsMs: number;
  /** After an edit, before the look at what it has changed, where no other read of the state comes first. */
  lookAfterMs: number;
  /** A message that waits longer in its line is told its place. */
  placeNoticeMs: number;
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
  livingFirstMs: 300,
  livingNewsMs: 1_000,
  lookAfterMs: 1_000,
  placeNoticeMs: 5_000,
  maxTextLength: 8_000,
  maxFilesPerMessage: 10,
  maxRememberedFiles: 20,
  maxUploads: 100,
  exportFirstPollMs: 3_000,
} as const satisfies Partial<Limits>;
