/**
 * The scenario API over HTTP, for a sandbox that runs alone. Bodies have to be `application/json`, so that a
 * page in a browser cannot post here without asking first.
 */
import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { type Answer, json, Refusal } from "../answers.ts";
import type { CommandAnswer } from "../command.ts";
import { dialectChoiceSchema, scenarioSchema } from "../scenario.ts";
import type { ScenarioQueue } from "../scenario-queue.ts";
import type { RequestRecord } from "./recorded-requests.ts";
import { checkBody, readJson } from "./request-bodies.ts";

const ROOT = "/__sandbox/";

/** Answers an admin request; null when the path is none. */
export async function adminAnswer(
  context: { scenarios: ScenarioQueue; requests: RequestRecord; command(line: string): CommandAnswer },
  request: IncomingMessage,
  url: URL,
): Promise<Answer | null> {
  if (!url.pathname.startsWith(ROOT)) return null;
  const { scenarios } = context;
  switch (`${request.method} ${url.pathname.slice(ROOT.length)}`) {
    case "POST scenarios": {
      const body = await readJson(request);
      scenarios.add(...checkBody(z.array(scenarioSchema), Array.isArray(body) ? body : [body]));
      return json({ waiting: scenarios.waiting() });
    }
    case "POST dialects":
      scenarios.setDialect(checkBody(dialectChoiceSchema, await readJson(request)));
      return json(scenarios.dialects);
    case "POST release":
      scenarios.release(checkBody(z.object({ name: z.string() }), await readJson(request)).name);
      return json({ released: true });
    case "POST command":
      return json({
        answer: context.command(checkBody(z.object({ line: z.string() }), await readJson(request)).line).text,
      });
    case "GET requests": {
      const filter = url.searchParams.get("filter") ?? undefined;
      const hidden = context.requests
        .matching(filter)
        .map((each) => ({ ...each, headers: { ...each.headers, authorization: "hidden" } }));
      return json(hidden.slice(-100));
    }
    default:
      throw new Refusal(404, "Not found");
  }
}
