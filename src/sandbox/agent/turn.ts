/**
 * Carries out a planned turn: writes its stream, applies its edits, charges for it. A client that hangs up
 * cancels the run, as on the real server. Source: nemo-api.md, "The SSE stream".
 */
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { cut } from "../answers.ts";
import { applyEdit } from "../project/project.ts";
import type { Session } from "../project/sessions.ts";
import type { Dialects, TurnStep } from "../scenario.ts";
import type { ScenarioQueue } from "../scenario-queue.ts";
import { EventStream } from "./event-stream.ts";
import type { TurnPlan } from "./turn-plan.ts";

/** Turns of a session that can be undone. */
const MAX_EARLIER = 20;

/** What a turn needs around it. */
export interface TurnContext {
  response: ServerResponse;
  scenarios: Pick<ScenarioQueue, "pass">;
  dialects: Dialects;
  now: () => number;
  /** Aborts when the sandbox stops. */
  stopped: AbortSignal;
  /** Nothing, not even headers, is written before a drop that comes first. */
  headersFirst: boolean;
}

/** Runs a plan to its end. The session is busy until then, also behind a dead socket. */
export async function performTurn(session: Session, plan: TurnPlan, context: TurnContext): Promise<void> {
  const { response } = context;
  const run = new AbortController();
  const onStop = () => run.abort(context.stopped.reason);
  if (context.stopped.aborted) onStop();
  context.stopped.addEventListener("abort", onStop, { once: true });
  let isDropped = false;
  response.on("close", () => {
    if (!isDropped && !response.writableEnded) run.abort(new Error("the client hung up"));
  });

  const stream = new EventStream({
    write: async (bytes) => {
      if (isDropped) return;
      if (!response.write(bytes)) await drained(response, run.signal);
    },
    dialect: plan.dialect ?? context.dialects.sse,
    heartbeat: context.dialects.heartbeat,
    now: context.now,
  });

  const before = plan.stateLagMs === undefined ? null : structuredClone(session.project);
  if (before !== null) session.lag = { project: before, untilMs: Number.POSITIVE_INFINITY };
  session.isRunning = true;
  session.account.frozen += plan.credits;
  const beforeEdits = structuredClone(session.project);
  let isCharged = false;
  const edit = (operation: Parameters<typeof applyEdit>[1]): boolean => {
    if (operation.op === "undo") return undo(session);
    if (!isCharged) session.earlier = [...(session.earlier ?? []), beforeEdits].slice(-MAX_EARLIER);
    isCharged = true;
    return applyEdit(session.project, operation);
  };

  try {
    if (context.headersFirst || plan.steps[0]?.kind !== "drop") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      response.flushHeaders();
    }
    for (const step of plan.steps) {
      run.signal.throwIfAborted();
      if (step.kind === "drop") {
        isDropped = true;
        if (response.headersSent) await cut(response);
        else response.destroy();
      } else {
        await perform(step, {
          stream,
          edit,
          pass: context.scenarios.pass.bind(context.scenarios),
          signal: run.signal,
        });
      }
    }
  } catch (error) {
    // The run was cancelled: what it did so far stands, and its client has gone.
    if (!run.signal.aborted) throw error;
  } finally {
    context.stopped.removeEventListener("abort", onStop);
    session.isRunning = false;
    if (before !== null) {
      session.lag = { project: before, untilMs: performance.now() + (plan.stateLagMs ?? 0) };
    }
    session.account.frozen -= plan.credits;
    if (isCharged) session.account.total = Math.max(0, session.account.total - plan.credits);
    if (!response.destroyed) response.end();
  }
}

interface Stage {
  stream: EventStream;
  edit(operation: Parameters<typeof applyEdit>[1]): boolean;
  pass(name: string, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
}

/** Goes back to before the last turn that edited. False when there was none. */
function undo(session: Session): boolean {
  const before = session.earlier?.pop();
  // Ids are never given twice.
  if (before) session.project = { ...before, serial: session.project.serial };
  return before !== undefined;
}

async function perform(step: Exclude<TurnStep, { kind: "drop" }>, stage: Stage): Promise<void> {
  const { stream } = stage;
  switch (step.kind) {
    case "text":
      return stream.text(step.text);
    case "thought":
      return stream.thought(step.text);
    case "tool": {
      const id = await stream.toolCall(step.name, step.args ?? {});
      const hasChanged = (step.edits ?? []).map((edit) => stage.edit(edit)).some((changed) => changed);
      const status = hasChanged || step.edits === undefined ? "success" : "no_change";
      const response = step.error === undefined ? (step.response ?? { status }) : { error: step.error };
      return stream.toolResponse(id, step.name, response);
    }
    case "ask":
      await stream.toolCall("ask_question", step.question);
      return;
    case "edit":
      stage.edit(step.edit);
      return;
    case "heartbeat":
      return stream.heartbeat(step.form);
    case "wait":
      await sleep(step.ms, undefined, { signal: stage.signal });
      return;
    case "hold":
      return stage.pass(step.name, stage.signal);
    case "error":
      return stream.error(step.message);
    case "error-event":
      return stream.errorEvent(step.code, step.message ?? step.code);
    case "invalid-frame":
      return stream.invalidFrame();
    case "raw":
      return stream.raw(step.text);
    case "base64":
      return stream.raw(Buffer.from(step.base64, "base64"));
  }
}

/** Resolves when the response takes more, or is gone; rejects with the signal's reason. */
function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      response.off("drain", settle);
      response.off("close", settle);
      signal.removeEventListener("abort", settle);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    response.on("drain", settle);
    response.on("close", settle);
    signal.addEventListener("abort", settle, { once: true });
    if (response.destroyed) settle();
  });
}
