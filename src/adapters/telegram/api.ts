/** The Bot API with every answer counted. Source: grammY, "Transformer Functions". */
import { Api } from "grammy";
import type { Metrics } from "../../core/ports/runtime.ts";
import { isOurEnd } from "./abort-signals.ts";

export function createApi({ token, apiRoot }: { token: string; apiRoot: string }, metrics: Metrics): Api {
  const api = new Api(token, { apiRoot });
  api.config.use(async (call, method, payload, signal) => {
    try {
      const answer = await call(method, payload, signal);
      metrics.apiCall("telegram", answer.ok ? 200 : answer.error_code);
      return answer;
    } catch (error) {
      // What we ended ourselves says nothing about Telegram.
      if (!isOurEnd(signal)) metrics.apiCall("telegram", null);
      throw error;
    }
  });
  return api;
}
