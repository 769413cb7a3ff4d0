const LIGHT = `
  --surface: #ffffff; --text: #1c2430; --muted: #667085; --line: #e4e8ee; --band: #f3f5f9;
  --ready: #2a9d7f; --lame-duck: #f0b429; --draining: #c66fae; --cleanup: #7465b5;
  --final-scrape: #4ea8de; --terminating: #b58a4c; --else: #8b95a5;
  --on-dark: #ffffff; --on-light: #1c2430;
  --old: #9aa8bd; --new: #3b82c4; --spark: #c9d3e0; --bad: #c81e3a; --good: #17805f;`;

const DARK = `
  --surface: #12171f; --text: #e6eaf0; --muted: #97a3b4; --line: #2a323e; --band: #1a212b;
  --ready: #2fa385; --lame-duck: #e0a72e; --draining: #c778b2; --cleanup: #8f80cf;
  --final-scrape: #4ea8de; --terminating: #b58a4c; --else: #77818f;
  --on-dark: #ffffff; --on-light: #14181f;
  --old: #5d6b80; --new: #4f97d8; --spark: #3a4657; --bad: #ff6b7d; --good: #3fc79a;`;

/** The variables of both looks, for `:root`; paper is always white. */
export const COLOURS = `
:root {${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root {${DARK} } }`;

/** How the timeline looks; needs the variables. Colours never stand alone: states are named, causes have shapes. */
export const TIMELINE_STYLE = `
.timeline { font: 11px ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; fill: var(--text); }
.timeline .surface { fill: var(--surface); }
.timeline .band { fill: var(--band); }
.timeline .band-edge { stroke: var(--muted); stroke-width: 1; stroke-dasharray: 3 3; }
.timeline .band-label { fill: var(--muted); font-weight: 600; }
.timeline .grid { stroke: var(--line); stroke-width: 1; }
.timeline .baseline { stroke: var(--muted); stroke-width: 1; }
.timeline .tick, .timeline .unit { fill: var(--muted); font-size: 10.5px; font-variant-numeric: tabular-nums; }
.timeline .name, .timeline .caption { font-weight: 600; font-size: 12px; }
.timeline .bad { fill: var(--bad); font-weight: 600; }
.timeline .spark { fill: var(--spark); }
.timeline .state { stroke: var(--surface); stroke-width: 1; }
.timeline .state.pending { fill: none; stroke: var(--line); stroke-dasharray: 1 2; }
.timeline .state.starting { fill: var(--surface); stroke: var(--muted); stroke-dasharray: 3 2; }
.timeline .ready, .timeline .running { fill: var(--ready); }
.timeline .lame-duck { fill: var(--lame-duck); }
.timeline .draining { fill: var(--draining); }
.timeline .cleanup { fill: var(--cleanup); }
.timeline .final-scrape { fill: var(--final-scrape); }
.timeline .terminating { fill: var(--terminating); }
.timeline .else { fill: var(--else); }
.timeline .stall { fill: var(--surface); fill-opacity: 0.75; stroke: var(--text); stroke-width: 1; stroke-dasharray: 2 2; }
.timeline .state-label { font-size: 10.5px; font-weight: 600; fill: var(--on-dark); pointer-events: none; }
.timeline .on-lame-duck, .timeline .on-final-scrape { fill: var(--on-light); }
.timeline .on-pending, .timeline .on-starting { fill: var(--muted); }
.timeline .rotation { fill: var(--text); }
.timeline .rotation.deaf { fill: var(--bad); }
.timeline .sigterm { stroke: var(--text); stroke-width: 1.5; fill: var(--text); }
.timeline .exit { stroke: var(--text); stroke-width: 2; fill: none; }
.timeline .bad-line { stroke: var(--bad); stroke-width: 3; }
.timeline .end { font-size: 10.5px; fill: var(--muted); }
.timeline .end.bad { fill: var(--bad); }
.timeline .glyph { fill: var(--bad); stroke: var(--surface); stroke-width: 1; paint-order: stroke; }
.timeline .glyph.line { fill: none; stroke: var(--bad); stroke-width: 2.2; stroke-linecap: round; }
.timeline .number { fill: var(--bad); font-size: 9px; font-weight: 700; text-anchor: middle; stroke: var(--surface); stroke-width: 2.5; paint-order: stroke; }
.timeline .layer { stroke: var(--surface); stroke-width: 0.6; }
.timeline .old { fill: var(--old); }
.timeline .new { fill: var(--new); }
.timeline .lost-bar { fill: var(--bad); }
.timeline .curve { fill: none; stroke-linejoin: round; }
.timeline .curve.p50 { stroke: var(--ready); stroke-width: 2; }
.timeline .curve.p99 { stroke: var(--new); stroke-width: 1.6; }
.timeline .curve.max { stroke: var(--muted); stroke-width: 1.1; stroke-dasharray: 2.5 2; }
.timeline .curve-label { font-weight: 600; }
.timeline .p50-label { fill: var(--ready); }
.timeline .p99-label { fill: var(--new); }
.timeline .max-label { fill: var(--muted); }
.timeline .teller { fill: var(--text); fill-opacity: 0; }
.timeline .teller:hover { fill-opacity: 0.09; }`;
