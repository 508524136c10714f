/**
 * Reads one Chinese clause: is it an instruction for a graphical interface? The same rules as in
 * `gui-english.ts`: the verb begins the clause, apart from words like 请, 然后 and 您可以.
 */
import { type Clause, CONTENT } from "./gui-english.ts";
import { CHINESE_PLACE, type GuiAction, meaningOf } from "./gui-words.ts";

const LEAD =
  /^(?:[^\p{L}\p{N}\uE000"“'‘[「『【]+|然后|接着|接下来|之后|最后|首先|并且|并|且|再|先|就|那么|现在|请您|请你|请|麻烦您?|只需要?|只要|直接|记得|务必|您?需要|您|你|也|还|[在从][^，。]{1,10}?(?=点击|点按|打开|选择))/u;
const PERMISSION = /^(?:随时|都|均)*(?:可以|可|能够|能|不妨|欢迎)(?:随时|直接|再|先|自行|选择|通过|去)*/;
const NEGATION = /^(?:暂时|先)?(?:不要|别|无需|不用|请勿|不必|不能|不可|勿|没有|不)/;
const CONDITION = /^(?:如果|若|如需|如想|如要|如|当|等|待|一旦|假如|要是)/;
const CONDITION_END = /^(?!我|已|为您|为你|然后|最后|随后|之后).{0,16}(?:后|时|之后|以后|的话)$/u;
/** "满意后点击…": a condition and its instruction in one breath. */
const CONDITION_THEN =
  /^(?!我|已|为您|为你|然后|最后|接着|之后|随后|接下来)(?:.{0,20}?(?:后|时|的话|了就|了，?)|.{0,20}?就)(?=(?:请|您|你|可以|可|再|直接|随时|就)*(?:点击|点按|单击|轻点|按下|打开|拖拽|拖动|导出|下载|预览|前往))/u;
const PURPOSE = /^(?:为了|要|想要|若要|以便|来)/;
const TAIL = /^(?:然后|接着|再|并|即可|就可|就能|便可|以|来|从而|选择|开始(?:剪辑|编辑|制作|创作))/;

const CLICK =
  /^(?:点击|点按|单击|双击|轻点|按下|点一下|选中并点击|按)(?:一下)?(?!率|量|次数|数|声|音|流|付费|了|过|着|后)/;
const CHOOSE = /^(?:选择|使用|通过|找到)/;
const OPEN = /^(?:打开|前往|进入|切换到|切换至|转到|跳转到|回到|展开)/;
const ACCOUNT =
  /^(?:查看|检查|查询|前往|打开|进入|确认|管理|登录)(?:一下)?(?:您的|你的|我的)?(?:账户|账号|帐户|帐号|账单|余额|积分|订阅|会员|充值)(?:\/?(?:账户|账单|余额|积分|订阅|设置|页面|中心|信息|情况|状态|和|或|里的?|中的?))*(?:$|以|来|是否|，|进行|充值|购买|查看|升级|续费|了解|管理)/;
const PREVIEW =
  /^(?:(?:在|到|从)?(?:时间线|时间轴|预览窗口|预览面板|播放器)(?:上|中|里|内|面板)*(?:进行)?(?:预览|查看|播放|检查)|(?:预览|查看|播放)(?:一下)?(?:您的|你的)?(?:时间线|时间轴)|预览(?:一下)?(?:您的|你的|最终|整体)?(?:效果|视频|成片|结果|影片)?(?:吧)?$)/;
const EXPORT =
  /^(?:导出|下载)(?:并(?:下载|保存|分享))?(?:您的|你的|这个|该|最终|完整)*(?:视频|成片|成品|文件|作品|项目|影片)?(?:即可|吧|了|到本地|到您的设备|为\s?mp4|成\s?mp4|它)*$/i;
const DRAG = /^(?:将|把)?.{0,40}?(?:拖拽|拖动|拖放|拖到|拖至|拖入|拖进|拖)/;
const QUOTED =
  /^\s*[*_]{0,2}(?:["“'‘`][^"”'’`\n]{1,40}["”'’`]|[[【「『《][^\]】」』》\n]{1,40}[\]】」』》]|\*\*[^*\n]{1,40}\*\*)[*_]{0,2}/;
const PLAIN =
  /^\s*[^，。；：！？,;:!?]{0,24}?(?=按钮|图标|面板|标签|选项|菜单|即可|来|以|进行|就|后|[(（]|$)/;

const KEYBOARD = /^(?:回车|空格|任意|enter|return|space)\s?键?/i;
/** What a key is for. */
const CONFIRMS = /继续|确认|确定|应用|生成/;
/** What a person would drag from their own computer, or to a project that is still empty: an upload. */
const UPLOAD_DRAG =
  /上传|此处|这里|聊天|窗口|对话框|[您你](?:自己)?的.{0,6}?(?:视频|片段|素材|文件|图片|照片|媒体|音频|音乐).{0,6}?[到至入进在](?:视频|项目)?(?:时间线|时间轴|编辑器|编辑区|工作区|轨道)(?:上|中|里|内)?(?:$|即可|就可|便可|就能|开始|来|以|进行|并|然后)|(?:开始|进行)(?:剪辑|编辑|制作|创作)/;

/** `raw` and `masked` are the same clause with and without quoted content; equal lengths. */
export function readChinese(raw: string, masked: string): Clause {
  let at = 0;
  let isOffer = false;
  const early = CONDITION_THEN.exec(masked.trimStart());
  if (early !== null && !NEGATION.test(masked.trimStart())) {
    at = masked.length - masked.trimStart().length + early[0].length;
    isOffer = true;
  }
  for (let step = 0; step < 12; step += 1) {
    const rest = masked.slice(at);
    if (NEGATION.test(rest)) return CONTENT;
    const permission = PERMISSION.exec(rest);
    const lead = permission ?? LEAD.exec(rest);
    if (lead === null) break;
    if (permission !== null) isOffer = true;
    at += lead[0].length;
  }
  const hasLead = at > 0;
  const found = readInstruction(raw.slice(at), masked.slice(at), hasLead);
  if (found !== null) return { ...found, isOffer: isOffer || found.isOffer };
  const rest = masked.trim().replace(/^[^\p{L}\p{N}\uE000]+/u, "");
  if (CONDITION.test(rest) || CONDITION_END.test(rest)) return { kind: "condition" };
  return PURPOSE.test(rest) ? { kind: "purpose" } : CONTENT;
}

/** True when the clause only continues an instruction before it. */
export function isChineseTail(masked: string): boolean {
  return TAIL.test(masked.trimStart());
}

type Instruction = Extract<Clause, { kind: "instruction" }>;

function readInstruction(raw: string, masked: string, hasLead: boolean): Instruction | null {
  const text = masked.trim();
  if (ACCOUNT.test(text)) return does({ kind: "show-credits" });
  if (PREVIEW.test(text)) return does({ kind: "show-tracks" });
  if (EXPORT.test(text) && (hasLead || text.length > 2)) return does({ kind: "export" });
  if (DRAG.test(text)) return readDrag(raw.trim(), text);
  const click = CLICK.exec(text);
  if (click !== null)
    return readTarget("click", raw.trim().slice(click[0].length), text.slice(click[0].length));
  const choose = CHOOSE.exec(text);
  if (choose !== null)
    return readTarget("choose", raw.trim().slice(choose[0].length), text.slice(choose[0].length));
  const open = OPEN.exec(text);
  if (open !== null) return readTarget("open", raw.trim().slice(open[0].length), text.slice(open[0].length));
  return null;
}

function readTarget(verb: "click" | "choose" | "open", raw: string, masked: string): Instruction | null {
  const quoted = QUOTED.exec(masked)?.[0];
  const length = quoted?.length ?? PLAIN.exec(masked)?.[0].length ?? 0;
  const name = raw
    .slice(0, length)
    .replace(/^.*(?:上的|中的|里的|角的|方的|侧的|下方|上方)/u, "")
    .replace(/^["“'‘`[【「『《*_\s]+|["”'’`\]】」』》*_\s]+$/g, "")
    .trim();
  const confirmed = KEYBOARD.test(name) ? CONFIRMS.exec(masked)?.[0] : undefined;
  if (confirmed !== undefined) {
    return { kind: "instruction", action: { kind: "edit", text: confirmed }, isOffer: true };
  }
  const behind = masked.slice(length);
  const isButton = /^\s*(?:按钮|图标)/.test(behind) || /(?:按钮|图标)$/.test(name);
  const isPlace = new RegExp(`(?:${CHINESE_PLACE})`).test(`${name}${behind.slice(0, 6)}`);
  const meaning = meaningOf(name);
  if (verb === "choose" && !(isButton || (meaning === "export" && quoted !== undefined))) return null;
  if (verb === "open" && !isPlace && !(quoted !== undefined && meaning !== "none")) return null;
  switch (meaning) {
    case "export":
    case "show-credits":
    case "show-tracks":
      return does({ kind: meaning });
    case "confirm":
      return { kind: "instruction", action: { kind: "edit", text: name }, isOffer: true };
    case "upload":
    case "none":
      break;
  }
  if (/导出|下载/.test(masked)) return does({ kind: "export" });
  if (/时间线|时间轴/.test(name)) return does({ kind: "show-tracks" });
  if (meaning === "none" && isPlace && !isButton) return does({ kind: "show-state" });
  return { kind: "instruction", action: null, isOffer: false };
}

/** "把音乐从素材库拖到开头" → "把音乐移到开头". */
function readDrag(raw: string, masked: string): Instruction {
  if (UPLOAD_DRAG.test(masked)) return { kind: "instruction", action: null, isOffer: false };
  const words = raw
    .replace(/从[^，。]{0,12}?(?:面板|素材库|媒体库|侧边栏)(?:中|里)?/u, "")
    .replace(/拖(?:拽|动|放)?/u, "移动")
    .replace(/移动(?=到|至|入|进)/u, "移")
    .replace(/[。，；！\s]+$/u, "");
  return does({ kind: "edit", text: words });
}

function does(action: GuiAction): Instruction {
  return { kind: "instruction", action, isOffer: false };
}
