/** The stylesheet of the HTML report of a replay, for light and dark screens and for paper. */

export const REPLAY_STYLE = `
:root{color-scheme:light dark;--text:#1f2933;--quiet:#5c6672;--back:#fff;--line:#dde3e8;--before:#a9b4bf;--after:#2468a8;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--text:#e4e8ec;--quiet:#9aa5b1;--back:#14181d;--line:#323a43;--before:#66727f;--after:#6fb1ee;--bad:#ff9a8f}}
body{font:14px system-ui,'Segoe UI',sans-serif;color:var(--text);background:var(--back);margin:24px auto;padding:0 16px;max-width:960px}
h1{font-size:20px;margin:0 0 4px}h2{font-size:16px;margin:24px 0 8px}p{color:var(--quiet);margin:0 0 12px}
code{font:13px ui-monospace,Consolas,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600;color:var(--quiet)}th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
td.count{font-variant-numeric:tabular-nums}summary{cursor:pointer}li{overflow-wrap:anywhere;margin:3px 0}.results{padding-left:18px}.bad{color:var(--bad)}
svg{max-width:100%}rect.before{fill:var(--before)}rect.after{fill:var(--after)}.line{stroke:var(--line)}text{font:11px system-ui,'Segoe UI',sans-serif;fill:var(--quiet)}
.key{display:inline-block;width:10px;height:10px;margin-left:12px}.key:first-child{margin-left:0}.key.before{background:var(--before)}.key.after{background:var(--after)}
.chip{color:#fff;border-radius:3px;font-size:11px;padding:1px 5px}
`
