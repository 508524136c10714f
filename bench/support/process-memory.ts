/** Memory of another process, as Linux reports it. Source: proc(5), `/proc/<pid>/status`. */
import { readFile, writeFile } from "node:fs/promises";

/** Resident memory now, and the highest since `resetPeak`, in bytes. */
export async function memoryOf(pid: number): Promise<{ rssBytes: number; peakBytes: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  return { rssBytes: field("VmRSS"), peakBytes: field("VmHWM") };
}

export async function resetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, "5");
}
