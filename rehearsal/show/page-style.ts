import { COLOURS, TIMELINE_STYLE } from './timeline-style.ts';

/** Everything that the page needs to look like something; one file, nothing is fetched. */
export const PAGE_STYLE = `${COLOURS}
:root { color-scheme: light dark; --page: #f6f7f9; }
@media screen and (prefers-color-scheme: dark) { :root { --page: #0b0f14; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
main, header, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
footer { padding-bottom: 40px; color: var(--muted); font-size: 13px; }
.brand { margin: 0; color: var(--muted); font-size: 13px; font-weight: 600; letter-spacing: .02em; overflow-wrap: anywhere; }
.brand b { color: var(--text); }
h1 { margin: 6px 0 4px; font-size: clamp(24px, 4vw, 36px); line-height: 1.2; letter-spacing: -.02em; text-wrap: balance; overflow-wrap: anywhere; }
h2 { margin: 0 0 12px; font-size: 17px; letter-spacing: -.01em; overflow-wrap: anywhere; }
.verdict { margin: 0 0 6px; font-size: 24px; font-weight: 700; letter-spacing: -.01em; }
.lead { margin: 0; max-width: 80ch; color: var(--muted); overflow-wrap: anywhere; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.unsure { color: var(--lame-duck); }
.quiet { color: var(--muted); }
section, .card { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin: 16px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 22px 0 16px; padding: 0; }
.tile { background: var(--surface); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; }
.tile dt { color: var(--muted); font-size: 13px; }
.tile dd { margin: 0; font-size: 21px; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums; }
.tile small { display: block; color: var(--muted); font-size: 12.5px; font-weight: 400; letter-spacing: 0; }
.findings { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px; }
.finding { border-left: 4px solid var(--muted); padding: 2px 0 2px 14px; overflow-wrap: anywhere; }
.finding.loss { border-color: var(--bad); }
.finding.note { color: var(--muted); }
.finding.warning { border-color: var(--lame-duck); }
.finding p { margin: 0; max-width: 90ch; }
.finding .advice { margin-top: 4px; font-weight: 600; }
.finding .advice code { font-weight: 600; }
.finding .cost { font-weight: 700; color: var(--bad); }
code { padding: 1px 6px; border-radius: 5px; background: var(--band); border: 1px solid var(--line);
  font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-weight: 400; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.timeline { display: block; width: 100%; min-width: 860px; height: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px; margin: 16px 0; }
.pair > * { margin: 0; min-width: 0; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 18px 5px 0; text-align: left; vertical-align: baseline; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
th { color: var(--muted); font-weight: 600; font-size: 12.5px; vertical-align: bottom; }
tbody th { color: var(--text); }
thead th, tbody tr + tr > * { border-bottom: 1px solid var(--line); }
tbody tr:first-child > * { border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
.right { text-align: right; }
p.note { margin: 10px 0 0; color: var(--muted); font-size: 13px; max-width: 90ch; }
summary { cursor: pointer; font-weight: 600; }
details[open] > summary { margin-bottom: 12px; }
.scenario > summary { margin: 20px 0 12px; font-size: 17px; overflow-wrap: anywhere; }
.settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 240px), 1fr)); gap: 2px 28px; margin: 0; font-size: 13.5px; }
.settings div { display: flex; justify-content: space-between; gap: 12px; border-bottom: 1px solid var(--line); padding: 4px 0; }
.settings dt { color: var(--muted); overflow-wrap: anywhere; }
.settings dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
@media (max-width: 600px) { main, header, footer { padding-left: 14px; padding-right: 14px; } section, .card { padding: 16px 14px; } }
@media print {
  body { background: none; font-size: 12px; }
  section, .card, .tile { break-inside: avoid; border-color: #ccc; }
  .timeline { min-width: 0; }
  main, header, footer { max-width: none; padding: 0; }
}
${TIMELINE_STYLE}`;
