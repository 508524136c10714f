/** How the file of an export is called: after what is in it, with a number. */
import { plainName } from "../../../lib/machine-text.ts";
import { shorten } from "../../../lib/shorten.ts";
import type { ProjectState } from "../../ports/video-backend.ts";

/** Characters of the name before its number; a script of four bytes each stays within any file system's 255. */
const MAX_NAME_LENGTH = 40;

/** `beach-1.mp4`, without a number `beach.mp4`: the first clip on the timeline, else the first file of the project, else `video`. */
export function exportFileName(
  { timeline, clips }: Pick<ProjectState, "timeline" | "clips">,
  number: number | null,
) {
  const pictures = timeline.tracks.filter(({ type }) => type === "video");
  const onTimeline = pictures.flatMap(({ segments }) => segments.map(({ name }) => name));
  const names = [...onTimeline, ...clips.map(({ name }) => name)];
  const name = names.map((one) => safeName(plainName(one ?? "") ?? "")).find((one) => one !== "") ?? "video";
  return number === null ? `${name}.mp4` : `${name}-${number}.mp4`;
}

/** `beach-v3.mp4` */
export function versionFileName(fileName: string, version: number): string {
  return fileName.replace(/(\.mp4)?$/, `-v${version}.mp4`);
}

/** Letters, digits and hyphens of any script, without path and extension; empty when nothing is left. */
function safeName(name: string): string {
  const base = (name.toWellFormed().normalize("NFC").split(/[/\\]/).pop() ?? "").replace(
    /\.[a-z0-9]{2,5}$/i,
    "",
  );
  const safe = base.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^[\p{M}-]+|-+$/gu, "");
  return shorten(safe, MAX_NAME_LENGTH, "").replace(/-+$/, "");
}
