/** Tab completion: commands at the start of a line, else paths. */
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const COMMANDS = [
  "/export",
  "/status",
  "/credits",
  "/new",
  "/projects",
  "/history",
  "/undo",
  "/skill",
  "/language",
  "/cancel",
  "/help",
  "/sandbox",
  "/quit",
];

/** What readline asks for: the candidates, and the part of the line they replace. */
export function completeLine(line: string, cwd: string): [candidates: string[], part: string] {
  const part = /(?:\\.|\S)*$/.exec(line)?.[0] ?? "";
  const commands = part === line ? COMMANDS.filter((command) => command.startsWith(part)) : [];
  return [[...commands, ...completePath(part, cwd)], part];
}

function completePath(part: string, cwd: string): string[] {
  const typed = part.replace(/\\(.)/g, "$1");
  const folder = typed.endsWith("/") ? typed : dirname(typed);
  const start = typed.endsWith("/") ? "" : typed.slice(typed.lastIndexOf("/") + 1);
  try {
    return readdirSync(resolve(cwd, folder || "."), { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(start) && (start !== "" || !entry.name.startsWith(".")))
      .map((entry) => {
        const path = typed.includes("/") ? join(folder, entry.name) : entry.name;
        const shown = typed.startsWith("./") ? `./${path}` : path;
        return shown.replace(/ /g, "\\ ") + (entry.isDirectory() ? "/" : "");
      });
  } catch {
    // Not a folder that can be read: nothing to complete.
    return [];
  }
}
