/** Finds JSON inside prose, also when it is not quite valid or not at its end yet. */

export interface JsonPiece {
  /** Behind its last character. */
  end: number;
  /** True when the text ends before it does. */
  isOpen: boolean;
  /** False for a beginning that could still be anything. */
  isSure: boolean;
  /** What it says to people: a title, a name, a message; null when nothing. */
  words: string | null;
}

const TOKEN =
  /\s+|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|-?\d[\d.eE+-]*|(?:true|false|null|None|True|False|undefined|NaN)\b|[{}[\]:,]|[A-Za-z_$][\w$-]{0,60}(?=\s*:)/y;
/** Begins something that ends with the text. */
const PARTIAL = /["'][\s\S]*$|[A-Za-z_$-][\w$-]{0,60}$/y;
const READABLE =
  /^(?:text|title|name|caption|content|message|label|file_?name|display_?name|description|answer|reply|response|summary|标题|名称|文本|内容)$/i;
const MAX_WORDS = 2000;

/** Something that is no pair and no list of texts by then is prose. */
const MAX_EMPTY = 400;

/** The JSON that begins at `at`; null when that is prose. Reads each character once. */
export function readJson(text: string, at: number): JsonPiece | null {
  const opening = text.charAt(at);
  if (opening !== "{" && opening !== "[") return null;
  const stack: string[] = [];
  const strings: string[] = [];
  let key: string | null = null;
  let last = "";
  let pairs = 0;
  let words: string | null = null;
  let end = at;
  const piece = (isOpen: boolean): JsonPiece | null => {
    const isList = pairs === 0 && opening === "[" && strings.length > 1;
    const isEmpty = opening === "{" && pairs === 0 && last === "}" && stack.length === 0;
    if (pairs === 0 && !isList && !isEmpty && !isOpen) return null;
    return {
      end,
      isOpen,
      isSure: pairs > 0 || isList || isEmpty,
      words: words ?? (isList ? strings.slice(0, 20).join(", ") : null),
    };
  };
  while (end < text.length) {
    if (pairs === 0 && strings.length < 2 && end - at > MAX_EMPTY) return null;
    TOKEN.lastIndex = end;
    const token = TOKEN.exec(text)?.[0];
    const expectsKey = stack.at(-1) === "{" && (last === "{" || last === ",");
    if (token === undefined) {
      PARTIAL.lastIndex = end;
      const isString = /["']/.test(text.charAt(end));
      if (!PARTIAL.test(text) || (pairs === 0 && !(isString && last === opening))) return piece(false);
      if (isString && last === ":" && key !== null && READABLE.test(key)) {
        words ??= text.slice(end + 1, end + MAX_WORDS);
      }
      end = text.length;
      return piece(true);
    }
    if (/^\s/.test(token)) {
      end += token.length;
      continue;
    }
    const isText = /^["']/.test(token);
    const isKey =
      expectsKey &&
      /^[\w"'$]/.test(token) &&
      /^\s*(?::|$)/.test(text.slice(end + token.length, end + token.length + 20));
    // `{` begins with a key, a list of its own with an object or a text
    if (expectsKey && !isKey && token !== "}") return piece(false);
    if (last === opening && opening === "[" && stack.length === 1 && token !== "{" && !isText) return null;
    end += token.length;
    if (/^[{[]/.test(token)) {
      if (last === ":") pairs += 1;
      stack.push(token);
    } else if (/^[}\]]/.test(token)) {
      stack.pop();
      last = token;
      if (stack.length === 0) return piece(false);
    } else if (isKey) key = unquote(token);
    else if (token !== ":" && token !== ",") {
      if (last === ":") pairs += 1;
      if (isText && last === ":" && key !== null && READABLE.test(key))
        words ??= unquote(token).slice(0, MAX_WORDS);
      else if (isText && last !== ":" && strings.length < 20) strings.push(unquote(token));
    }
    last = token;
  }
  return piece(true);
}

function unquote(token: string): string {
  if (!/^["']/.test(token)) return token;
  try {
    const value: unknown = JSON.parse(`"${token.slice(1, -1).replace(/(?<!\\)"/g, '\\"')}"`);
    return String(value).trim();
  } catch {
    // Not quite JSON: the characters as they are.
    return token.slice(1, -1).trim();
  }
}
