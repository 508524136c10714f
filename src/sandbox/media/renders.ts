/**
 * Render jobs: they take a while, report their progress, and end with a playable MP4.
 * Source: nemo-api.md, the rows "Render" to "Render download".
 */
import { randomUUID } from "node:crypto";
import { copyFile, open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Account } from "../accounts.ts";
import { type Answer, json, Refusal } from "../answers.ts";
import { hasUserdataPath } from "../project/given-drafts.ts";
import { type Draft, segmentsOf, TRACK } from "../project/project.ts";
import type { Session } from "../project/sessions.ts";
import type { Dialects, ScenarioAction } from "../scenario.ts";
import { probe } from "./ffmpeg.ts";
import type { FileStore } from "./file-store.ts";
import { makeFilm, type Source } from "./film.ts";

/** A small film, for projects without an upload on machines without ffmpeg. */
const SAMPLE_PATH = fileURLToPath(new URL("sample.mp4", import.meta.url));
/** Oldest jobs are forgotten beyond this. */
const MAX_JOBS = 10_000;

/** One render. */
interface RenderJob {
  id: string;
  account: Account;
  session: Session;
  status: "pending" | "processing" | "completed" | "failed";
  error: string | null;
  startedAtMs: number;
  lastsMs: number;
  /** What the next status requests report; null: by time. */
  script: number[] | null;
  dialect: Dialects["render"] | null;
  omitUrl: boolean;
  output: { path: string; url: string; sizeBytes: number; durationS: number } | null;
  cancel: AbortController;
  done: Promise<void>;
}

/** What renders need around them. */
export interface RenderContext {
  ffmpeg: string | null;
  store: FileStore;
  sources: ReadonlyMap<string, Source>;
  /** How long a render takes at least. */
  lastsMs: number;
  publicUrl(path: string): string;
  warn(facts: object, message: string): void;
  stopped: AbortSignal;
}

/** All renders of a sandbox. */
export class Renders {
  #context: RenderContext;
  #jobs = new BoundedMap<string, RenderJob>(MAX_JOBS);
  /** Ids ever used by an account, ours and the client's. */
  #usedIds = new Set<string>();

  constructor(context: RenderContext) {
    this.#context = context;
  }

  /** Throws a `Refusal` when this session cannot start a render of that id now. */
  check(session: Session, id: string): void {
    if (this.#usedIds.has(`${session.account.userId}/${id}`)) throw new Refusal(409, "Duplicate render id");
    for (const job of this.#jobs.values()) {
      if (job.session === session && isActive(job)) {
        throw new Refusal(409, "A render is already active for this session");
      }
    }
  }

  /** Starts a render, one that `check` passed, of the draft that came with it. */
  start(
    session: Session,
    { id, draft }: { id: string; draft: Draft },
    action: ScenarioAction | null,
    dialects: Dialects,
  ): Answer {
    const script = action?.kind === "render" ? action : null;
    this.#usedIds.add(`${session.account.userId}/${id}`);
    const job: RenderJob = {
      id: (script?.id ?? dialects.renderId) === "own" ? `lambda_${randomUUID()}` : id,
      account: session.account,
      session,
      status: "pending",
      error: null,
      startedAtMs: performance.now(),
      lastsMs: script?.ms ?? this.#context.lastsMs,
      script: script?.progress === undefined ? null : [...script.progress],
      dialect: script?.dialect ?? null,
      omitUrl: script?.omitUrl ?? dialects.outputUrl === "missing",
      output: null,
      cancel: new AbortController(),
      done: Promise.resolve(),
    };
    const unreadable = hasUserdataPath(draft) ? "A source file was not found" : null;
    job.done = this.#run(job, draft, { ...session.project.canvas_config }, script?.fail ?? unreadable);
    this.#jobs.set(job.id, job);
    const renamed = job.id !== id;
    const facts = { status: "pending", progress: 5 };
    return (job.dialect ?? dialects.render) === "A"
      ? json(renamed ? { taskId: job.id, ...facts } : { id: job.id, ...facts })
      : json({ success: true, data: { id: job.id, ...facts } });
  }

  /** The account's render; throws 404 for any other. */
  find(id: string, account: Account): RenderJob {
    const job = this.#jobs.get(id);
    if (job === undefined || job.account !== account) throw new Refusal(404, "Render not found");
    return job;
  }

  async status(job: RenderJob, dialects: Dialects): Promise<Answer> {
    const scripted = job.script?.shift();
    // After the last scripted figure the next answer is the end, however long ffmpeg takes.
    if (scripted === undefined && job.script !== null) await job.done;
    const active = scripted !== undefined || isActive(job);
    const status = active && scripted !== undefined ? "processing" : job.status;
    const facts = { id: job.id, status, progress: scripted ?? progressOf(job) };
    const isB = (job.dialect ?? dialects.render) === "B";
    if (!active && job.output !== null && job.status === "completed") {
      const { url, durationS, sizeBytes } = job.output;
      const output = { duration: durationS, size: sizeBytes };
      if (isB) {
        return json({
          success: true,
          data: { ...facts, output, ...(job.omitUrl ? {} : { outputUrl: url }) },
        });
      }
      return json({ ...facts, output: { ...(job.omitUrl ? {} : { url }), ...output } });
    }
    // Seen once as `pending`, then it is at work.
    if (job.status === "pending") job.status = "processing";
    const answer = { ...facts, ...(!active && job.error !== null ? { error: job.error } : {}) };
    return json(isB ? { success: true, data: answer } : answer);
  }

  /** Ends a render that is not over yet. */
  cancel(job: RenderJob, dialects: Dialects): Answer {
    if (isActive(job)) {
      job.status = "failed";
      job.error = "Render cancelled";
      job.script = null;
      job.cancel.abort(new Error("render cancelled"));
    }
    const data = { id: job.id, status: job.status };
    return (job.dialect ?? dialects.render) === "A" ? json(data) : json({ success: true, data });
  }

  /** The MP4's file; throws 404 until it is there. */
  file(job: RenderJob): Answer {
    if (job.output === null) throw new Refusal(404, "The render is not completed");
    return { kind: "file", path: job.output.path, type: "video/mp4" };
  }

  /** Kills what runs and waits for it. */
  async stop(): Promise<void> {
    for (const job of this.#jobs.values()) job.cancel.abort(new Error("the sandbox stops"));
    await Promise.all([...this.#jobs.values()].map((job) => job.done));
  }

  async #run(
    job: RenderJob,
    draft: Draft,
    canvas: { width: number; height: number },
    failWith: string | null,
  ): Promise<void> {
    const signal = AbortSignal.any([job.cancel.signal, this.#context.stopped]);
    try {
      const filmed = failWith === null ? this.#film(draft, canvas, signal) : null;
      // Both are awaited; the pause alone must not leave a rejection of the film unobserved.
      filmed?.catch(() => undefined);
      if (job.lastsMs > 0) await sleep(job.lastsMs, undefined, { signal });
      const output = await filmed;
      if (signal.aborted) return;
      job.output = output;
      job.status = failWith === null ? "completed" : "failed";
      job.error = failWith;
    } catch (error) {
      if (signal.aborted) return;
      this.#context.warn({ error: String(error) }, "a render failed");
      job.status = "failed";
      job.error = "Render failed";
    }
  }

  async #film(
    draft: Draft,
    canvas: { width: number; height: number },
    signal: AbortSignal,
  ): Promise<NonNullable<RenderJob["output"]>> {
    const { ffmpeg, store, sources } = this.#context;
    const path = store.newRenderPath();
    let isFilmed = false;
    if (ffmpeg !== null) {
      try {
        await makeFilm(ffmpeg, { draft, canvas, sources }, path, signal);
        isFilmed = true;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#context.warn({ error: String(error) }, "ffmpeg could not render; the clip itself is given");
      }
    }
    if (!isFilmed) await copyFile(await this.#bestClip(draft), path);
    const facts = await probe(ffmpeg, { path, extension: "mp4" }, signal);
    return {
      path,
      url: this.#context.publicUrl(path),
      sizeBytes: (await stat(path)).size,
      durationS: (facts?.durationMs ?? draft.d) / 1000,
    };
  }

  /** The first uploaded MP4 on the timeline, else the sample. */
  async #bestClip(draft: Draft): Promise<string> {
    for (const clip of segmentsOf(draft, TRACK.video)) {
      const source = this.#context.sources.get(clip.m.media_id ?? "");
      if (source !== undefined && source.kind === "video" && (await isMp4(source.path))) return source.path;
    }
    return SAMPLE_PATH;
  }
}

function isActive(job: RenderJob): boolean {
  return job.status === "pending" || job.status === "processing" || (job.script?.length ?? 0) > 0;
}

/** 5–95 while it works. */
function progressOf(job: RenderJob): number {
  if (job.status === "completed") return 100;
  const share = job.lastsMs === 0 ? 0.5 : (performance.now() - job.startedAtMs) / job.lastsMs;
  return Math.min(95, Math.max(5, Math.round(share * 90 + 5)));
}

/** By its first box; a name that ends in .mp4 proves nothing. */
async function isMp4(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.toString("latin1", 4, 8) === "ftyp";
  } finally {
    await file.close();
  }
}
