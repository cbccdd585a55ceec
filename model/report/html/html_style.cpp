#include "report/html/html_style.h"

namespace quantscope {

namespace {

constexpr std::string_view kStyle
    = R"(:root { --back: #f4f5f7; --panel: #ffffff; --line: #dcdfe4; --text: #1d2129; --dim: #646b78; --mark: #1f6feb;
  --accent: #1a63d6; --red: #c13a4d; --amber: #7c5600; --green: #2a7449; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --back: #17191d; --panel: #1f2227; --line: #34383f; --text: #e6e8eb;
  --dim: #9aa2ad; --mark: #5aa2ff; --accent: #6fafff; --red: #f08a98; --amber: #edbb4c; --green: #63b985; } }
@media print { :root { --back: #ffffff; --panel: #ffffff; } details > * { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 14px/1.45 system-ui, sans-serif; }
main, header { max-width: 1200px; margin: 0 auto; padding: 16px; }
h1 { font-size: 20px; margin: 8px 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 24px 0 8px; }
a { color: var(--accent); }
.dim { color: var(--dim); }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; }
.tile, details, .panel { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
.tile { padding: 8px 12px; }
.tile b { display: block; font: 16px ui-monospace, monospace; }
details { margin: 8px 0; padding: 0 12px; }
details[open] { padding-bottom: 8px; }
summary { padding: 8px 0; cursor: pointer; overflow-wrap: anywhere; }
summary b { margin-right: 8px; }
.panel { padding: 8px 12px; margin: 8px 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--dim); padding: 4px 0; }
th, td { text-align: right; padding: 3px 8px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { text-align: left; font-weight: 600; }
thead th { color: var(--dim); font-weight: 400; white-space: nowrap; text-align: right; }
thead th:first-child { text-align: left; }
td { font-family: ui-monospace, monospace; }
td.words { text-align: left; font-family: inherit; }
pre { overflow-x: auto; color: var(--dim); margin: 8px 0; }
.finding { margin: 4px 0; }
.finding b { text-transform: uppercase; font-size: 12px; margin-right: 4px; }
.error b, .overflow { color: var(--red); }
.warning b, .assumed { color: var(--amber); }
.note b { color: var(--dim); }
.confirmed { color: var(--green); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 16px; }
figure { margin: 8px 0; }
figcaption { color: var(--dim); }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--dim); font: 11px ui-monospace, monospace; }
svg line { stroke: var(--line); }
.bar { fill: var(--mark); }
.end { fill: var(--red); stroke: var(--red); stroke-dasharray: 2 1; }
)";

} // namespace

std::string_view htmlStyle() { return kStyle; }

} // namespace quantscope
