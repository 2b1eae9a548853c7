/** Draws routes as one page with a search. Every bundle opens to its detections, and the page loads nothing. Pure. */
import { createHash } from 'node:crypto'
import { type Chart, escapeMarkup, SEVERITY_COLOURS, SHOWN_SEVERITIES, type Track } from './_chart.ts'

const SCRIPT = `
const search=document.querySelector('input');
search.addEventListener('input',()=>{
  const asked=search.value.toLowerCase();
  for(const body of document.querySelectorAll('tbody')){
    let shown=0;
    for(const row of body.querySelectorAll('[data-text]')){const hit=row.dataset.text.includes(asked);row.hidden=!hit;shown+=hit}
    body.hidden=!shown;
  }
});
`

const STYLE = `
body{font:14px system-ui,'Segoe UI',sans-serif;color:#1f2933;margin:24px}
h1{font-size:20px;margin:0 0 4px}p{color:#66707c;margin:0 0 12px}input{font:inherit;padding:6px 10px;width:320px}
table{border-collapse:collapse;margin-top:12px}thead th{position:sticky;top:0;background:#fff;vertical-align:bottom;padding:4px}
thead th.destination{height:150px;width:34px;padding:0}thead th.destination span{writing-mode:vertical-rl;transform:rotate(180deg);font-weight:600}
thead th.special span{font-weight:400;color:#66707c}tbody th{text-align:left;vertical-align:top;padding:4px 12px 4px 0}
tbody:nth-of-type(odd){background:#f4f6f8}td{padding:3px 6px;vertical-align:top}td.stop{text-align:center;border-left:1px solid #e3e8ed}
.chip{display:inline-block;color:#fff;border-radius:3px;font-size:11px;width:18px;text-align:center;margin-right:2px}
ul{margin:4px 0;padding-left:18px}summary{cursor:pointer}.destinations{color:#1d6f5c}.fallback{color:#e08a1e}.nowhere{color:#d1432f}.suppressed,.unknown{color:#66707c}
`

export function routesHtml(chart: Chart): string {
  const hash = createHash('sha256').update(SCRIPT).digest('base64')
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`
  const heads = chart.columns.map(
    ({ name, isUndeclared }) =>
      `<th class="destination${isUndeclared ? ' special' : ''}"><span>${escapeMarkup(name)}</span></th>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Where alerts go</title><style>${STYLE}</style></head>
<body><h1>Where ${chart.detections} detections' alerts go</h1>
<p>By log type, equal routes together. ● gets it, ○ gets it as the fallback, ? decided at run time.</p>
<input type="search" placeholder="log type, detection, severity, destination" aria-label="Search">
<table><thead><tr><th>Severity</th><th>Detections</th>${heads.join('')}</tr></thead>
${chart.groups.map(({ logType, tracks }) => groupMarkup(chart, logType, tracks)).join('\n')}
</table><script>${SCRIPT}</script></body></html>
`
}

function groupMarkup(chart: Chart, logType: string, tracks: readonly Track[]): string {
  const rows = tracks.map((track) => rowMarkup(chart, logType, track))
  const name = `<tr><th colspan="${chart.columns.length + 2}">${escapeMarkup(logType)}</th></tr>`
  return `<tbody>${[name, ...rows].join('\n')}</tbody>`
}

function rowMarkup({ columns }: Chart, logType: string, { bundle, stops, label }: Track) {
  const text = [logType, ...bundle.severities, ...bundle.detections, ...stops.map((i) => columns[i]!.name)]
  const chips = SHOWN_SEVERITIES.filter((severity) => bundle.severities.includes(severity)).map(
    (severity) =>
      `<span class="chip" title="${severity}" style="background:${SEVERITY_COLOURS[severity]}">${severity[0]}</span>`,
  )
  const sign = bundle.end === 'fallback' ? '○' : bundle.evidence === 'unknown' ? '?' : '●'
  const cells = columns.map(
    (_column, i) => `<td class="stop ${bundle.end}">${stops.includes(i) ? sign : ''}</td>`,
  )
  return `<tr data-text="${escapeMarkup(text.join('\n').toLowerCase())}"><td>${chips.join('')}</td><td>${detectionsMarkup(bundle.detections, label)}</td>${cells.join('')}</tr>`
}

function detectionsMarkup(detections: readonly string[], label: string): string {
  if (detections.length === 1) return escapeMarkup(label)
  const items = detections.map((id) => `<li>${escapeMarkup(id)}</li>`).join('')
  return `<details><summary>${escapeMarkup(label)}</summary><ul>${items}</ul></details>`
}
