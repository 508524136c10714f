/** Which links the platform takes. Source: tdlib/td, `LinkManager::check_link`. */

/** True for http(s), tg and ton links, with or without their scheme; a host needs a dot, so no `localhost`. */
export function isAcceptableUrl(link: string): boolean {
  const hasScheme = /^[a-z][a-z0-9+.-]*:/i.test(link) && !/^[^/]*\.[^/]*:\d/.test(link);
  if (/^(tg|ton|tonsite):/i.test(link)) return /^[a-z]+:(\/\/)?[^\s/]/i.test(link);
  if (/\s/.test(link) || link === "") return false;
  try {
    const url = new URL(hasScheme ? link : `http://${link}`);
    if (url.protocol !== "http:" && url.protocol !== "https:") return false;
    return url.hostname.includes(".") && url.username === "" && !url.hostname.endsWith(".");
  } catch {
    return false;
  }
}
