/** Writes docs/settings.md and .env.example from the table in src/app/settings.ts: `npm run docs`. A test compares. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeSettings, type SettingText } from "../src/app/settings.ts";

/** docs/settings.md. */
export function settingsPage(): string {
  const groups = describeSettings().map(({ title, settings }) => {
    const rows = settings.map(
      (setting) => `| \`${setting.name}\` | ${defaultOf(setting)} | ${inCell(setting.description)} |`,
    );
    return [`## ${title}`, "", "| Variable | Default | |", "|---|---|---|", ...rows, ""].join("\n");
  });
  return `# Settings

This page is written by \`npm run docs\` from the table in \`src/app/settings.ts\`.

Set them in the environment or in a file \`.env\`, which \`npm start\` reads; start from [\`.env.example\`](../.env.example). All of
them are checked at start, and all problems are listed at once, by name and without values. A variable that is set to
nothing counts as not set.

${groups.join("\n")}
## In the practice chat

The terminal chat on the sandbox is quicker: \`EXPORT_POLL_MS\` is 1000, \`STILL_WORKING_MS\` 5000, and
\`RECOVERY_FIRST_WAIT_MS\`, \`RECOVERY_WAIT_MS\` and \`RETRY_WAIT_MS\` are 2000, unless you set them.

\`TELEGRAM_API_ID\` and \`TELEGRAM_API_HASH\` are for a [Bot API server of your own](operations.md#files-over-20-mb-on-telegram), and
\`REDIS_PASSWORD\` is for [\`compose.cluster.yaml\`](../compose.cluster.yaml); the bot does not read them.
`;
}

/** .env.example. */
export function envExample(): string {
  const groups = describeSettings().map(({ title, settings }) => {
    const lines = settings.map(({ name, default: value, fallback, description }) => {
      const unset = fallback === null ? "" : ` Not set: ${fallback}.`;
      return `# ${`${description}${unset}`.replaceAll("`", "")}\n# ${name}=${value ?? ""}`;
    });
    return [`# --- ${title} ---`, ...lines, ""].join("\n");
  });
  return `# Settings of nemobot, written by \`npm run docs\`. Copy this file to .env; \`npm start\` reads it. A line that is
# commented out shows the default. All settings are checked at start, all problems listed at once.

${groups.join("\n")}`;
}

function defaultOf({ default: value, fallback }: SettingText): string {
  if (value !== null) return `\`${value}\``;
  return fallback === null ? "–" : inCell(fallback);
}

/** A bar would end the cell. */
function inCell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  await writeFile(join(root, "docs/settings.md"), settingsPage());
  await writeFile(join(root, ".env.example"), envExample());
}
