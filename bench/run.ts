/** All benchmarks, one after another, each in a process of its own: `npm run bench [name …]`. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ALL = [
  "sse",
  "relay",
  "start",
  "telegram-relay",
  "telegram-latency",
  "conversations",
  "store",
  "mailbox",
  "million",
  "recovery",
  "flow",
  "chaos",
];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !ALL.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}; there are ${ALL.join(", ")}.`);
  process.exit(1);
}
for (const name of asked.length > 0 ? asked : ALL) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
