/**
 * The words of a graphical interface, in English and Chinese: what buttons and places are called, and what
 * each means to a bot. Source: nemo-api.md, "GUI translation".
 */

import { z } from "zod";

/** What the bot does in place of a click. It is kept with the conversation until it is done. */
export const guiActionSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("export") }),
  z.object({ kind: z.literal("show-state") }),
  z.object({ kind: z.literal("show-tracks") }),
  z.object({ kind: z.literal("show-credits") }),
  /** Words for the video agent, sent once. */
  z.object({ kind: z.literal("edit"), text: z.string() }),
]);
export type GuiAction = z.infer<typeof guiActionSchema>;

/** Texts without any of these hold no instruction and pass as they are. */
export const GUI_HINT =
  /\b(?:click|tap|press|hit|push|select|choose|pick|open|go to|navigate|head|switch|drag|drop|preview|view|play|check|visit|see|find|export|download|render|use|button)\b|点击|点按|单击|轻点|按下|点一下|选择|打开|前往|进入|切换|转到|拖|预览|查看|检查|查询|导出|下载|使用|按\s?(?:回车|任意|空格|enter)/i;

/** Places of an editor; `button` and the like are asked for by name. */
export const PLACE =
  "panels?|tabs?|menus?|sidebar|side panel|window|drop-?down|dialog|toolbar|inspector|editor|timeline|library|workspace|page|section|settings|screen|view|project panel";
/** Things to press or move; "option" and "link" are left out where people choose among contents. */
export const CONTROL = "buttons?|icons?|keys?|checkbox|toggle|slider|playhead|handles?";

export const CHINESE_PLACE =
  "面板|标签页?|选项卡|菜单|窗口|页面|侧边栏|工具栏|素材库|媒体库|编辑器|时间线|时间轴|界面|对话框|工作区|设置";

const EXPORT =
  /^(?:export|download|render|save)(?: (?:&|and) (?:export|download|save|share))?(?: (?:now|video|mp4|file|project))?$|^(?:立即|一键)?(?:导出|下载|输出|渲染)(?:视频|成片|文件|并下载)?$/;
const CREDITS =
  /^(?:credits?|billing|account|profile|balance|top ?up|buy credits|upgrade|subscriptions?|pricing|plans?)(?: (?:and|&) \w{1,20})?$|^(?:我的)?(?:账户|账号|帐户|帐号|余额|积分|充值|账单|订阅|会员)$/;
const UPLOAD =
  /^(?:upload|import|browse|attach|add (?:media|files?))(?: .{1,20})?$|^(?:上传|导入|添加素材)(?:.{1,6})?$/;
const TRACKS = /^(?:preview|play|watch|timeline|replay)(?: .{1,12})?$|^(?:预览|播放|时间线|时间轴)$/;
const CONFIRM =
  /^(?:apply|confirm|generate|regenerate|yes|ok|okay|continue|proceed|accept|approve|create|undo|redo|retry)(?: (?:changes|now|all|video|edit|effect))?$|^(?:应用|确认|确定|生成|重新生成|是|继续|同意|接受|撤销|重做|重试)$/;

/**
 * What a button stands for. `confirm` means its words may go to the agent once the user decides so (they can
 * cost credits); `none` is something a chat does not need, such as Upload, or a button nobody knows.
 */
export function meaningOf(
  label: string,
): "export" | "show-credits" | "show-tracks" | "confirm" | "upload" | "none" {
  const name = label
    .toLowerCase()
    .replace(/[*_`]/g, "")
    .replace(/\s+/g, " ")
    .replace(/按钮|图标/g, "")
    .replace(/^(?:the|your|my) /, "")
    .replace(/ (?:button|icon|tab|panel|menu|page)$/, "")
    .trim();
  if (EXPORT.test(name)) return "export";
  if (CREDITS.test(name)) return "show-credits";
  if (UPLOAD.test(name)) return "upload";
  if (TRACKS.test(name)) return "show-tracks";
  return CONFIRM.test(name) ? "confirm" : "none";
}
