import { join } from "node:path";
import { ConsolePlatform } from "../../../src/adapters/console/platform.ts";
import { loadLocales } from "../../../src/content/locale-files.ts";
import { describeChatPlatform } from "../../contracts/chat-platform.ts";

describeChatPlatform("the terminal", async () => {
  const lines: string[] = [];
  const platform = new ConsolePlatform({
    screen: {
      isStyled: false,
      print: (_id, text) => void lines.push(text),
      remove: () => {},
      breakOff: () => {},
    },
    locales: await loadLocales(join(import.meta.dirname, "../../../config/locales")),
    language: () => "en",
    cwd: "/",
    exportsDir: "/",
  });
  return {
    platform,
    alone: { platform: "console", conversationId: "console", details: {} },
    anna: "console:local",
    readByAnna: () => lines.join("\n"),
  };
});
