/**
 * JSON of the backend, read only where that is soon done: a few megabytes of empty lists or of keys take the
 * parser and everything behind it many times as long as a draft does. Source: DESIGN.md, rule 9.
 */
import { MAX_JSON_DEPTH, MAX_JSON_KEYS, MAX_JSON_VALUES } from "./limits.ts";

/**
 * Undefined when it is not JSON, or beyond the bounds. The error is dropped: it quotes the text, which may hold a
 * token.
 */
export function parseJson(text: string): unknown {
  const json = text.replace(/^\uFEFF/, "");
  if (!isWithinBounds(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Counts values by what begins or separates them, and different keys by a hash that may take two for one. What
 * stands inside of strings does not count.
 */
function isWithinBounds(json: string): boolean {
  let values = 0;
  let depth = 0;
  let lastString = 0;
  const keys = new Set<number>();
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE: {
        let hash = 0;
        for (at += 1; at < json.length; at++) {
          const code = json.charCodeAt(at);
          if (code === QUOTE) break;
          if (code === BACKSLASH) at += 1;
          hash = (Math.imul(hash, 31) + code) | 0;
        }
        lastString = hash;
        break;
      }
      case COLON:
        if (keys.add(lastString).size > MAX_JSON_KEYS) return false;
        break;
      case COMMA:
        if (++values > MAX_JSON_VALUES) return false;
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++values > MAX_JSON_VALUES || ++depth > MAX_JSON_DEPTH) return false;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1;
    }
  }
  return true;
}
