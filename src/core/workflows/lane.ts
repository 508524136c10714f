/** Which lane a message waits in: the mailbox of its conversation, or one that is answered at once. Source: DESIGN.md, rule 2. */
import { type Action, type IncomingMessage, isAboutStopping } from "../model/message.ts";
import type { Request } from "../model/request.ts";
import { instantLane, mailboxLane } from "../model/work-item.ts";
import type { Context } from "../ports/context.ts";
import { mayBeAnswer, typedAnswer } from "../reply/question.ts";
import { areAllUnfit } from "./fitness.ts";

/** The lane for `message`, which asks for `request`, by what its conversation is at. */
export async function laneOf(
  context: Context,
  message: IncomingMessage,
  { goal, attachments }: Request,
): Promise<string> {
  const { store, skills, queue } = context;
  const mailbox = mailboxLane(message.conversationId);
  const record = await store.read(message.conversationId);
  const action = goal.kind === "action" ? goal.action : null;
  const { openQuestion } = record ?? {};
  // It may start a turn, whatever its words mean elsewhere.
  if (openQuestion && typedAnswer(openQuestion, message)) return mailbox;
  // What may be for the editor is the answer, where the agent has asked and nothing runs that it could be about.
  if (record && action && mayBeAnswer(record, action, message) && !(await queue.running(mailbox)))
    return mailbox;
  const skill = skills.find(message.skill ?? record?.skill ?? "") ?? skills.defaultSkill;
  const isInstant =
    attachments.length > 0
      ? areAllUnfit(context, skill, attachments)
      : action !== null && isAnsweredAtOnce(action, record?.session != null);
  // A slow answer about credits must not hold up a stop.
  return isInstant ? instantLane(message, action !== null && isAboutStopping(action)) : mailbox;
}

/** Actions that never wait in the mailbox. `credits` and `status` do so only until there is a session. */
function isAnsweredAtOnce(action: Action, isConnected: boolean): boolean {
  switch (action.kind) {
    case "help":
    case "introduce":
    case "upload-help":
    case "kept":
    case "skill":
    case "language":
    case "cancel":
    case "ask-meaning":
    case "small-talk":
    case "drop":
    case "keep-project":
    case "keep-files":
    case "history":
      return true;
    case "projects":
      return action.name === undefined;
    case "credits":
    case "status":
      return isConnected;
    case "start":
      return action.skill === undefined;
    case "export":
    case "export-version":
    case "new-project":
    case "open-project":
    case "retry":
    case "upload-again":
    case "undo":
    case "edit":
    case "answer":
      return false;
  }
}
