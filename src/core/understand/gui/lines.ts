/** Puts the lines of a text together again after some of them went. */

/** Lines of a list whose introduction goes with it. */
const MAX_LIST = 50;
const LIST_ITEM = /^\s*(?:[-*•·+–]\s+|\d{1,2}[.)、]|[①-⑩])/u;
const INTRODUCTION = /[:：]\s*\**\s*$/u;

/** "To export:", whose list follows. */
export function isIntroduction(line: string): boolean {
  return INTRODUCTION.test(line);
}

/** The text of `kept`: the rest of each line, null for one that is gone. */
export function joinLines(lines: readonly string[], kept: readonly (string | null)[]): string {
  const result: string[] = [];
  let isGap = false;
  for (const line of withoutEmptyIntroductions(lines, kept)) {
    if (line === null) isGap = true;
    else if (!(line.trim() === "" && isGap && (result.at(-1) ?? "").trim() === "")) {
      result.push(line);
      if (line.trim() !== "") isGap = false;
    }
  }
  return result.join("\n").trim();
}

/** "To export:" makes no sense when all of its list is gone. */
function withoutEmptyIntroductions(
  lines: readonly string[],
  kept: readonly (string | null)[],
): (string | null)[] {
  const result = [...kept];
  for (let index = 0; index < lines.length; index += 1) {
    if (!isIntroduction(result[index] ?? "")) continue;
    let end = index + 1;
    while (
      end < lines.length &&
      end - index <= MAX_LIST &&
      (lines[end]?.trim() === "" || LIST_ITEM.test(lines[end] ?? ""))
    )
      end += 1;
    const items = result.slice(index + 1, end).filter((line) => line === null || line.trim() !== "");
    if (items.length > 0 && end - index <= MAX_LIST && items.every((line) => line === null))
      result[index] = null;
  }
  return result;
}
