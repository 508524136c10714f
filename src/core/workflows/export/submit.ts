/** Submits a render, once for each id. Source: nemo-api.md, "Render". */
import { randomUUID } from "node:crypto";
import { BackendError } from "../../model/backend-error.ts";
import { firstPollMs, type Job, keepRender, nextPollMs, type Watch } from "./render-record.ts";

/**
 * A used id, or a render that fails at once, gets a new id, once. The id is kept before it is sent: a process that takes
 * over knows which render may exist. A session that still renders something else is waited for.
 */
export async function submit(job: Job, canResubmit: boolean): Promise<Watch | "failed"> {
  const { chat, caller, capture, session, startedAt, signal } = job;
  const { backend, clock, limits } = chat.context;
  if (!capture) return "failed";
  const isTakenOver = false;
  const renderId = `render_${randomUUID()}`;
  await keepRender(job, { renderId, isLast: !canResubmit });
  const { draft, files } = capture;
  const render = { renderId, sessionId: session.sessionId, draft, files };
  for (let waitMs = firstPollMs(job); ; waitMs = nextPollMs(job, waitMs)) {
    try {
      const status = await backend.submitRender(caller, render, signal);
      if (status.renderId !== renderId) {
        await keepRender(job, { renderId: status.renderId, isLast: !canResubmit });
      }
      if (status.phase !== "failed") {
        return { renderId: status.renderId, isConfirmed: true, canResubmit, isTakenOver };
      }
      if (!canResubmit) return "failed";
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      // Never sent again blindly: whether our id exists is asked for later.
      if (error.isOutcomeUnknown) return { renderId, isConfirmed: false, canResubmit, isTakenOver };
      if (error.kind === "render-active" && clock.now() - startedAt < limits.exportTimeoutMs) {
        await clock.sleep(waitMs, signal);
        continue;
      }
      if (error.kind !== "duplicate-render" || !canResubmit) throw error;
    }
    return submit(job, false);
  }
}
