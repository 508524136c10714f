/** English words of a graphical interface, and the sentences made of them. Read by `clause.ts`. */
import type { Lexicon } from "./words.ts";

const words = {
  det: "the|your|this|that|its|any|a|an|all|both|all the|all of the|one of the|each|either",
  // --- verbs
  click:
    "click|click on|click onto|tap|tap on|double-click|double-click on|double click|double click on|right-click|right-click on|right click|right click on|left-click|left click|left-click on|double-tap|double-tap on|double tap|single-click|click over",
  gesture:
    "double-click|double click|right-click|right click|double-tap|double tap|right-click on|double-click on",
  press: "press|press on|hit|push",
  choose: "select|choose|pick|use|find|locate|look for",
  pick: "select|choose|pick|adjust|set|change|find|locate",
  go: "open|open up|go to|go back to|go over to|navigate to|navigate back to|switch to|switch over to|switch back to|head to|head over to|head back to|return to|visit|access|expand|bring up|show|toggle",
  drag: "drag|drag and drop|drag-and-drop|drag drop|drag-drop",
  look: "preview|view|watch|see|check|review|play|inspect|look at|scrub through|play back|take a look at|check out",
  account:
    "check|check out|view|see|visit|go to|open|review|manage|look at|refer to|head to|access|navigate to",
  film: "export|download|render|save",
  shut: "close|exit|dismiss|minimize|minimise|maximize|maximise|collapse|resize|hide|undock|dock|pin",
  // --- things of a screen
  control:
    "button(s)|icon(s)|key(s)|checkbox(es)|toggle(s)|switch|slider(s)|playhead|handle(s)|three dots|three-dot menu|ellipsis|gear|hamburger menu|dots|arrow|link|option(s)|thumbnail|menu item|shortcut|field|box|scroll bar|scrollbar|progress bar|seek bar|cog|avatar|profile picture|profile icon|profile photo|plus sign|dot menu",
  strongControl: "button(s)|icon(s)|key(s)|checkbox|toggle(s)|slider(s)",
  place:
    "panel(s)|tab(s)|menu(s)|sidebar(s)|side panel|drop-down(s)|dropdown(s)|drop-down menu|dropdown menu|dropdown list|dialog|dialogue|dialog box|dialog window|toolbar(s)|tool bar|inspector|pop-up(s)|popup(s)|navigation bar|nav bar|context menu|file browser|media library|asset library|file menu|menu bar|toolbox",
  site: "window|page|section|settings|screen|view|editor|timeline|library|workspace|dashboard|project|browser|bin|tool(s)|area|options|manager|list|center|centre|website|site|app|canvas|player|pane|modal",
  placename:
    "media|project(s)|export|effect(s)|audio|text|title(s)|music|properties|property|account|billing|settings|setting|asset(s)|transition(s)|sticker(s)|filter(s)|caption(s)|subtitle(s)|template(s)|upload(s)|color|colour|colors|color correction|adjustment(s)|adjust|speed|share|sharing|preferences|profile|subscription|plan(s)|pricing|credit(s)|top-up|recharge|preview|animation(s)|layer(s)|history|help|notification(s)|detail(s)|option(s)|tool(s)|advanced|general|render|download(s)|clip(s)|video(s)|timeline|editing|editor|main|side|file|edit|view|context|user|payment|element(s)|format|style(s)|library|voice-over|inspector|volume|crop|background|my|image|photo|track",
  adj: "big|large|small|little|tiny|blue|green|red|orange|purple|yellow|white|black|gray|grey|main|new|round|left|left-hand|right|right-hand|top|top left|top right|top-left|top-right|bottom|bottom-left|bottom-right|upper|lower|same|other|first|second|third|next|last|dotted|plus|play|pause|gear|settings|menu|save|close|back|mute|share|trash|delete|eye|lock|arrow|more|undo|redo|cog|export|download|upload|apply|current|entire|whole|web|empty|very|far|three-dot|drop-down|dropdown|pencil|scissors|magnifying glass|split|trim|cut|edit|refresh|info|help",
  corner:
    "corner|top|bottom|left|right|side|header|footer|keyboard|mouse|page|end|interface|top bar|results|result|menu|list|editor",
  thingOfScreen:
    "title|track|timeline|clip|segment|layer|thumbnail|playhead|video|caption|subtitle|text|image|photo|element|file|transition|project|effect|canvas|preview|waveform|title track|audio track|video track|text layer|title clip|video clip|audio clip|text box|music track|media|logo|sticker|background|overlay|track header",
  adverb:
    "now|again|yourself|below|above|there|here|next|instead|manually|directly|afterwards|first|once|twice|anytime|any time|carefully|quickly|a bit|a little|up|down|further|slightly|all the way|left|right|back|too|as well|sideways|horizontally|vertically",
  prep: "at|on|in|from|under|above|below|near|next to|inside|inside of|of|within|to|into|over|toward|towards|via|with|using|through|along|across|past|until|beside|beneath",
  goalword:
    "to|in order to|so you|so that you|so you'll|for|which|where|while|until|by|using|before|whenever|if",
  // --- labels
  entry:
    "export|download|save|share|render|upload|import|apply|confirm|generate|regenerate|continue|proceed|accept|approve|create|undo|redo|retry|ok|okay|yes|done|next|back|close|cancel|play|preview|watch|replay|settings|properties|preferences|file|edit|view|add|delete|split|trim|publish|credits|billing|account|profile|balance|top up|buy credits|upgrade|subscription(s)|pricing|plans|menu|more|help|browse|attach|add media|add files|pause|duplicate|cut|copy|paste|remove|reset|refresh|finish|submit|start|get started",
  entrytail: "changes|now|all|video|media|file(s)|edit|effect|project|as|credits|it",
  /** Labels that nobody takes for content, capitalised. */
  Label:
    "export|download|preview|play|save|properties|settings|upload|import|share|delete|split|edit|copy|paste|credits|billing|account|render|duplicate|rename|file|menu",
  Page: "export|download|preview|settings|properties|billing|account|credits|media|effects|audio|library|timeline|file|edit|preferences|profile|upload|inspector|dashboard",
  and: "and|&",
  // --- showing and exporting
  viewer:
    "timeline|preview|player|timeline panel|timeline view|preview panel|preview window|preview player|preview area|preview screen|video player|viewer|monitor|preview monitor",
  whole: "final|finished|edited|whole|full|new|completed|complete|rendered|entire|updated|resulting|current",
  result:
    "video(s)|clip|project|file(s)|film|movie|result(s)|edit(s)|mp4|version|image|photo|changes|cut|timeline|work|creation",
  format: "mp4|mov|gif|webm|hd|full hd|4k|1080p|720p|2160p|high quality|high-quality|mp4 file|mp4 format",
  billing:
    "account|billing|credit(s)|credit balance|credits balance|subscription|top-up|recharge|pricing|plan|balance|profile",
  // --- the timeline: what can be moved, and to where
  thing:
    "title(s)|subtitle(s)|caption(s)|text|clip(s)|segment(s)|video(s)|footage|image(s)|photo(s)|picture(s)|logo|sticker(s)|watermark|overlay(s)|music|audio|song|soundtrack|sound(s)|sound effect(s)|sfx|bgm|voice-over(s)|voiceover(s)|voice over|narration|b-roll|broll|track(s)|layer(s)|scene(s)|shot(s)|intro|outro|transition(s)|effect(s)|end card|endcard|credits|lower third|lower-third|emoji|gif|graphic(s)|banner|headline|tagline|opening|ending|element|file|cut|recording|interview|montage|teaser|hook|slide(s)|countdown|voice|jingle|beat|cta|call to action|text box|animation|filter|opener|sequence|box|media|material|section|part|card|timer|arrow|drone shot",
  field:
    "timeline|canvas|frame|screen|picture|video|project|edit|sequence|story|film|footage|composition|movie",
  edge: "start|beginning|end|front|back|top|bottom|middle|center|centre|left|right|corner|edge|side|third|half|position|left-hand side|right-hand side",
  edgeadj:
    "very|top|bottom|upper|lower|left|right|top-left|top-right|bottom-left|bottom-right|upper-left|upper-right|lower-left|lower-right|far|center|centre|middle|left-hand|right-hand|exact|dead",
  ord: "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|final|next|previous|other|two|three|one|four|opening|closing|a|b|c",
  stop: "to|onto|into|before|after|behind|between|of|is|are|was|were|above|below|in|on|at",
  some: "a|an|any|some|each|every|either|another|one of the",
  toward:
    "to|onto|into|on|at|in front of|before|after|behind|between|next to|beside|above|below|under|underneath|beneath|over|in|past|near|until|toward|towards|on top of|right after|right before|directly after|directly before|ahead of|inside|within|around",
  way: "back|over|up|down|right|straight|directly|all the way|forward|further|left",
  more: "at|on|in|of|after|before|and|over|right after|right before|under|above|below|just before|just after|until|within",
  side: "left|right",
  handle:
    "handle(s)|edge(s)|playhead|slider(s)|scrubber|cursor|mouse|pointer|bounding box|corner(s)|border(s)|scrollbar|scroll bar|divider(s)|keyframe(s)|volume line|volume bar|rubber band|opacity line|progress bar|seek bar|knob(s)|endpoint(s)|end point(s)|trim points|trim point|trim bars|ruler|ends|control point(s)|anchor(s)|anchor point(s)|line|bar|timeline marker|marker(s)|fader|dial|dot(s)|waveform|zoom bar|sides|point(s)",
  media:
    "file(s)|media|footage|photo(s)|picture(s)|image(s)|video(s)|clip(s)|music|audio|asset(s)|material|media files|video files|video file|audio files|song(s)|document(s)|folder(s)",
  ownword: "your|any|some|more|new|additional|own|other|your own|another|a|an",
  dropzone:
    "here|chat|window|box|browser|app|upload area|upload box|drop zone|dropzone|drop area|upload zone|area|page|workspace|editor|canvas|library|panel|uploader|bin|upload window|dashed box|import area",
} as const;

const phrases = {
  dragging: "{drag} (and? drop)?",
  capitals: "{Cap} (({and}|to|of)? {Cap}){0,3}",
  known: "{entry} {entry}? ({and} {entry})? {entrytail}?",
  step: "{quoted}|{capitals}|{known}",
  path: "({step}) ({arrow} ({step})){1,4}",
  name: "{path}|{quoted}|{known}|{capitals}",
  spot: "{det}? ({adj}|{placename}|of|{capitals}|{quoted}){0,3} ({control}|{place}|{site}|{thingOfScreen}|{corner})",
  goal: "{goalword} _{1,40}",
  behind: "({adverb}|{prep} {spot}|{remark}){0,4} (?<tail>{goal})? {remark}?",
  movie: "it|this|that|them|everything|{det} {whole}{0,3} {result}",
  time1:
    "({ord}|five|six|seven|eight|nine|ten|fifteen|twenty|thirty) (second|seconds) mark?|(last|final|first) {ord}? (second|seconds|{time})|{time} mark?|{num} (seconds|second|s) mark?|second {num}|({ord}|{nth}) (second|seconds) mark?",
  numbered: "{thing} ({num}|{ord}) (and {thing}? ({num}|{ord}))?",
  target:
    "{quoted} {thing}{0,2}|{file}|{det} {!stop}{0,4} {thing} ({num}|{thing}){0,2} ({quoted}|{file})?|{numbered}|it|them|{thing}{1,2}",
  position:
    "{time1}|{det} ({time1})|{det} {edgeadj}{0,3} {edge}{1,3} ((of|in|on|at) ({det} {!stop}{0,2} ({thing}|{field}) {num}?|{target}))?|{det} {ord}? ({field}|{thing}|spot|position|place|slot)|({det} {thing}|track) {num}|{target}|{det} {ord} {thing}?|{num}",
  /** A place on a timeline and nowhere else: whatever goes there is a thing of it. */
  moment:
    "{toward} {det}? ({time1}|{!stop}{0,3} (at|from) {time1})|{toward} {det} {edgeadj}{0,2} {edge} (of|in|on) {det} (timeline|track|video|sequence|edit|project)|(before|after|behind|between|right after|right before) ({numbered}|{det} {ord}? (clip|scene|shot|title|intro|outro|track))",
  shift: "{time} (to the {side}|later|earlier|forward|back|forwards|backwards|left|right)",
  start:
    "(to the? {side})? (so|so that|until) (it|they) (starts|begins|ends|start|begin|end|appears|plays|sits|lines) (at|on|up with|from) {time1}",
  anything: "it|them|{det} {!stop}{1,5}|{quoted}|{file}",
  destination: "{way}? ({toward} right? {position}|to the? {side}) ({more} ({position})){0,2}",
  vague:
    "{way}? ({toward} ({some} {!stop}{0,3} _{1,3}|{some} {edge})|to the? {side}|where _{1,12}|wherever _{1,12}|up|down|left|right|{way})",
} as const;

export const ENGLISH: Lexicon = {
  words,
  phrases,
  rules: [
    [
      "show-credits",
      "{account} {det}? my? ({billing} (and|or)?){1,3} (page|settings|section|tab|panel|balance|dashboard|menu|details|status|history|area|info|information|left|remaining){0,3} ((to|for|if|in|and|before|under|at) _{0,30})?",
    ],
    ["show-credits", "(log|sign) (in|into) to? {det} account to (check|top|buy|see|view|upgrade) _{0,30}"],
    [
      "show-tracks",
      "{look} _{0,6} (in|on|from|using|with|inside) {det}? {viewer} ({adverb}|{remark}){0,2} ((to|for|by|and|before|so) _{0,30})?",
    ],
    ["show-tracks", "preview (it|{det} {whole}{0,2} {result}) {adverb}{0,2} ((to|for|before|by) _{0,30})?"],
    [
      "show-tracks",
      "(check|view|see|inspect|play|open|look at|scrub through|go to|return to|switch to) {det} ({viewer}) (panel|view|tab)? ((to|for|below|above) _{0,30})?",
    ],
    [
      "export",
      "{film} ({and} {film})? share? ({movie}) (now|here|yourself|manually|directly|anytime|any time|again|(by|using|via|from) _{1,20}|whenever _{1,12}|(in|as|to|at) {det}? {format} _{0,3}|to {det} (device|computer|phone|disk|desktop|gallery)|(to|so you can|so that you can) (download|get|save|share|see|watch|view|keep|post|upload|use) _{0,20}){0,3}",
    ],
    [
      "export",
      "(export|download|render) ({and} {film})? (now|here|yourself|manually|again|to (mp4|get|download|save|your|share|see) _{0,20}|(as|in|to) {det}? {format} _{0,3}|(by|from) _{1,20}){0,2}",
    ],
    // --- what is dragged but no thing of the timeline: parts of the screen, and files of one's own
    ["nothing", "({dragging}|slide|pull|move) {det}? {!stop}{0,3} {handle} _{0,30}"],
    ["nothing", "{dragging} to _{1,30}"],
    [
      "nothing",
      "({dragging}|drop) ({ownword}{1,3} {!stop}{0,2})? {media}{1,2} ((right|straight|directly|over)? (onto|into|to|in|on|inside|over)? {det}? _{0,2}? {dropzone}) _{0,20}",
    ],
    [
      "nothing",
      "({dragging}|drop) the (file|files|media|footage|photos|images) (right|straight|directly|over)? ((onto|into|to|in|on|inside|over) {det}? _{0,2}?)? {dropzone} _{0,20}",
    ],
    [
      "nothing",
      "({dragging}|drop) (your|any|some|more|own|your own|a|an|new|another){1,2} _{0,2}? {media} (onto|into|to|in|on) {det} (video|editing|project)? timeline ((to|and) _{0,20})?",
    ],
    [
      "nothing",
      "({dragging}|drop) _{1,12} to (start|begin|get) (started|editing|working|creating|cutting|a|your|project|edit|importing|uploading){0,3}",
    ],
    ["nothing", "({dragging}|drop) _{0,12} upload _{0,20}"],
    // --- moves
    ["tip", "{dragging} {some} _{1,8} {toward} _{1,8}"],
    ["move", "{dragging} (?<what>{anything}) (?<where>{start}|{shift})"],
    [
      "move",
      "{dragging} (?<what>{anything}) (from {time1})? (?<where>{way}? ({moment})) ((to|so|so that|for|using|with|where|which) _{1,30})?",
    ],
    [
      "move",
      "{dragging} (?<what>{target}) (?<where>{destination}) ((to|so|so that|for|using|with|where|which) _{1,30})?",
    ],
    ["tip", "{dragging} (?<what>{target}) (?<where>{vague}) ({goal})?"],
    [
      "move",
      "(move|place|put|shift) (?<what>{target}) (?<where>{destination}) (by|via|using|with) (dragging|drag|{drag}) _{0,8}",
    ],
    [
      "tip",
      "drop (?<what>{target}) (?<where>(on|onto|into|to|in) {det} _{0,2} (timeline|track|tracks|canvas) {num}?)",
    ],
    ["tip", "drop (?<what>{target}) (?<where>(at|after|before) ({position}))"],
    // --- gestures
    [
      "nothing",
      "(scroll|swipe) ({adverb}|(through|along|across|to|in|on|over|until|past) ({spot}|_{0,6} ({control}|{place}|timeline|page))){0,4} (?<tail>{goal})?",
    ],
    [
      "nothing",
      "(refresh|reload) ({det}? ({adj}|{capitals}){0,2} (page|browser|app|editor|window|tab|timeline|preview|screen|site|website|view|project|interface)|it)? {behind}",
    ],
    ["nothing", "(hover|mouse) ({det} (mouse|cursor|pointer))? (over|on|above) {spot} {behind}"],
    [
      "nothing",
      "(place|put|move|position|rest|set) {det} (mouse|cursor|pointer|playhead|mouse pointer) _{0,20}",
    ],
    ["nothing", "(zoom|pinch) (in|out) (on|of|to)? {det} (timeline|track|canvas|editor) {behind}"],
    [
      "nothing",
      "(log|sign) (in|out|into) (to|of|from)? ({det} (account|app|website|site|editor|profile))? {behind}",
    ],
    ["nothing", "{gesture} (it|them|anywhere|an empty (area|spot|space) _{0,8})? {behind}"],
    ["nothing", "{shut} {det} ({placename}|{adj}|{capitals}|{quoted}){0,2} ({place}|{site}) {behind}"],
    // --- clicks
    ["label", "{click} {det}? {adj}{0,2} (?<label>here|it|this|that|below) {behind}"],
    ["label", "{click} {det}? {adj}{0,3}? (?<label>{name}) (?<noun>{control}|{place}|{site})? {behind}"],
    [
      "label",
      "{click} {det}? (?<label>({adj}|{placename}|{entry}){0,3} (?<noun>{control}|{place})) {behind}",
    ],
    [
      "label",
      "{click} {det} ({quoted}|{capitals}|{adj}|{file}){0,2} (?<label>(?<noun>{thingOfScreen})) ({num}|track|clip|layer)? {behind}",
    ],
    [
      "label",
      "{press} {det}? {adj}{0,3}? (?<label>{path}|{known}) (?<noun>{control}|{place}|{site})? {behind}",
    ],
    [
      "label",
      "{press} {det}? {adj}{0,3}? (?<label>{quoted}|{capitals}) (?<noun>{control}|{place})? {behind}",
    ],
    ["label", "{press} {det}? (?<label>{key}) (?<noun>key|keys|bar)? {behind}"],
    ["label", "{press} {det} (?<label>({adj}|{placename}|{entry}){0,2} (?<noun>{strongControl})) {behind}"],
    ["label", "use {det}? (?<label>{key}) ((and|or) {key})? (?<noun>key|keys|shortcut)? {behind}"],
    [
      "mention",
      "{det}? (?<label>export|download|{quoted}) (button|icon|option|menu|tab|panel) ((is|sits|appears) (in|at|on) {spot}|{prep} {spot})? {remark}?",
    ],
    // --- choices
    ["label", "{choose} {det}? (?<label>{path}) (?<noun>{control}|{place})? {behind}"],
    [
      "label",
      "{choose} {det}? {adj}{0,2} (?<label>{quoted}|{known}|{capitals}) (?<noun>{strongControl}|{place}) {behind}",
    ],
    [
      "label",
      "{choose} {det} (?<label>({adj}|{placename}|{entry}){0,3} (?<noun>{strongControl}|{place})) {behind}",
    ],
    ["label", "{choose} {det}? (?<label>{Label}) {behind}"],
    [
      "label",
      "{pick} (?<label>{name}|_{1,8}?) (from|in|under|on|via) {det} ({placename}|{adj}|{capitals}|{quoted}|format|style){0,2} ({place}) {behind}",
    ],
    [
      "nothing",
      "(select|choose|pick|set) (as|for)? {det}? ({format}|format|quality|resolution|output|video|file|to|and|high|full|best){1,5}",
    ],
    ["nothing", "select (the|your) {thing} {num}?"],
    ["nothing", "{click} (anywhere|somewhere|outside|elsewhere|an empty (area|spot|space)) {behind}"],
    // --- places
    ["open", "{go} {det}? (?<label>{path}) (?<noun>{place}|{site})? {behind}"],
    ["open", "{go} {det}? (?<label>({adj}|{placename}){0,3} (?<noun>{place})) {behind}"],
    [
      "open",
      "{go} {det}? {adj}{0,2} (?<label>{quoted}|{capitals}|{placename}) {placename}{0,2} (?<noun>{place}|{site}) {behind}",
    ],
    ["open", "{go} {det}? (?<label>{quoted}|{Page}) {behind}"],
    [
      "open",
      "({look}|look in|refer to|consult) {det} (?<label>({adj}|{placename}|{capitals}|{quoted}){1,3} (?<noun>panel|tab|menu|sidebar|toolbar|inspector|library|dialog)) {behind}",
    ],
    ["label", "(?<label>{entry} ({arrow} ({step})){1,4})"],
  ],
  time: "(?:two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty|thirty)[ -]seconds?(?![\\p{L}])|\\d{1,2}:\\d{2}(?::\\d{2})?(?:[.,]\\d{1,3})?|\\d{1,4}(?:[.,]\\d{1,3})? ?-?(?:s|secs?|seconds?|ms|min|minutes?)(?![\\p{L}\\p{N}])",
  key: "(?:(?:ctrl|cmd|command|control|shift|alt|option|[⌘⌥⇧])(?: ?[+-] ?[\\w⌘⇧]{1,10}){1,3}|[⌘⌥] ?\\w|space ?bar|space(?= ?(?:key|to\\b|$))|enter|return(?! to)|escape|esc|delete(?= key)|backspace|any key|f\\d{1,2})(?![\\p{L}\\p{N}])",
  lead: "[^\\p{L}\\p{N}\\uE000\"“'‘[「『【*]+|\\*{1,2}(?=[\\p{L}])|(?:and then|and|then|now|next|finally|first|firstly|second|secondly|third|thirdly|lastly|last|afterwards|after that|also|but|so|please|just|simply|kindly|quickly|from there|from here|okay|ok|great|perfect|once there|when done|all you (?:need|have) to do is|(?:you(?:['’]ll| will)? |just )?(?:need|have) to|you must|remember to|don['’]t forget to|make sure (?:to|you)|be sure to|go ahead and|step \\d{1,2})(?![\\p{L}\\p{N}])",
  permission:
    "(?:(?:or|alternatively|otherwise|instead|optionally)(?=[\\s,])\\W{1,3}|(?:you(?:['’]ll| will| can)? (?:find|see|notice)|you (?:can|could|may|might want to|will be able to|should|['’]d want to|want to)|you['’]ll be able to|feel free to|you['’]re (?:free|welcome) to|you are (?:free|welcome) to|try to|let['’]s|i (?:suggest|recommend)(?: that)? you|we (?:suggest|recommend)(?: that)? you)(?: (?:now|also|then|always|simply|just|easily|either|still|go ahead and)){0,3}\\s+)",
  negation:
    "(?:(?:you )?(?:don['’]t|do not|never|can['’]t|cannot|should not|shouldn['’]t|must not|couldn['’]t)(?! forget)|no need|you don['’]t (?:need|have) to|before|avoid|without)\\b",
  condition:
    "(?:and |but |or |only |then )?(?:when|whenever|once|if|as soon as|as long as|in case|should you|after|unless)\\b",
  conditionThen:
    "(?:when|whenever|once|if|as soon as|after)\\b.{1,80}?[\\s,](?=(?:you can|you may|feel free to|please|just|simply|go ahead and|then)\\s)",
  purpose: "(?:in order )?to \\p{L}|for (?:more|further|best|a)\\b",
  tail: "(?:(?:and|then|and then|or)\\s+(?:then )?(?:you(?:['’]re| are)? (?:done|all set|ready|good)|wait|enjoy|watch|download|save|see|view|share|confirm|continue|proceed|choose|select|pick|follow|start|begin|check|set|adjust|use|type|enter|look|look for|find|press|hit|drag|release|hold|have a look|take a look|play|close|paste|copy|try)\\b|which\\b|where\\b|so (?:that )?you can\\b|to\\b|in order to\\b|or\\b(?! (?:i|we|it)\\b))",
  leftover: "and|then|now|next|finally|first|please|so|or|but|also|just|simply|okay|ok",
  tip: "(?:\\W{0,4})(?:pro |quick |helpful )?(?:tips?|hints?|note|fyi|did you know|good to know|reminder|optional|optionally|alternatively|otherwise|or|instead|if you like|if you prefer)\\W{0,4}",
  question:
    "^(?:\\W{0,4})(?:are you |is everything |everything |do you |you )?(?:happy|ready|satisfied|like|love|all set|looks? good|look(?:s|ing)? right|done|finished|want|need|prefer)\\b[^?]{0,60}\\?",
  textLabel:
    "(?:^|[^\\p{L}\\p{N}])(?:call[- ]to[- ]action|cta|captions?|titles?|subtitles?|headlines?|slogans?|taglines?|texts?|overlay|script|copy|voice-?over|narration|narrator|lyrics|hook|end ?card|says?|reads?|saying|reading|line|dialogue|quote|storyboard|plot|story|(?:scene|shot|chapter|act|part|verse) \\w{1,6})(?: to| as| is| as follows)?[^\\p{L}\\p{N}]*$",
  callToAction: "call[- ]to[- ]action|\\bcta\\b|script|storyboard|lyrics|voice-?over|narration|dialogue",
  heading: "^[^\\p{L}\\p{N}]*(?:preview|export|download|render|view|check)\\b",
  leadIn:
    "^[^\\p{L}\\p{N}]*(?:(?:export|download|preview)(?: steps?)?|(?:the )?(?:next|last|final) step|step \\d{1,2}|have a look|take a look|see for yourself)[^\\p{L}\\p{N}]*$",
  exportStep: "export|download",
  narrated: "[\\p{L}\\p{N}]\\W{1,3}(?:click|tap|press|open|drag|select|scroll|swipe|hit|push)\\b",
  origin:
    ' (?:from|out of) (?:the |your )?(?:[\\p{L}"“”[\\]]{1,20} )?(?:panel|library|sidebar|tab|browser|bin)\\b',
  moveWords: "Move $<what> $<where>",
  labels: {
    export:
      "(?:export|download|render|save)(?: (?:&|and) (?:export|download|save|share))?(?: (?:now|video|mp4|file|project|as))?",
    "show-credits":
      "(?:(?:account|billing|user) )?(?:credits?|billing|account|profile|balance|top ?up|buy credits|upgrade|subscriptions?|pricing|plans?|recharge)(?: (?:and|&) \\w{1,20})?",
    upload: "(?:upload|import|browse|attach|add (?:media|files?))(?: .{1,20})?",
    "show-tracks": "(?:preview|play|watch|timeline|replay)(?: .{1,12})?",
    confirm:
      "(?:apply|confirm|generate|regenerate|yes|ok|okay|continue|proceed|accept|approve|create|undo|redo|retry)(?: (?:changes|now|all|video|edit|effect))?",
  },
  generic:
    "(?:here|it|this|that|below|(?:[\\w-]{1,12} ){0,2}(?:buttons?|icons?|keys?|checkbox|toggle|slider|links?|options?|panel|tab|menu|sidebar|dialog|toolbar|window|page)|(?:ctrl|cmd|command|control|shift|alt|option|[⌘⌥⇧]).{0,12}|space ?(?:bar)?|enter|return|escape|esc|delete|backspace|any key|f\\d{1,2})?",
  purposes: {
    export: "\\b(?:export|download|save)\\b",
    "show-credits": "\\b(?:credits|billing|account|top up)\\b",
    "show-tracks": "\\b(?:preview|play|watch)\\b",
    confirm: "^\\W{0,3}to (?<confirm>continue|proceed|confirm|apply|accept|approve|generate|create)\\b",
  },
  labelFrame: "^(?:the|your|my|start|begin) | (?:buttons?|icon|tab|panel|menu|page)$",
  okay: ["ok(?:ay)?", "Confirm"],
};
