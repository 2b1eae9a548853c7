/** Routes as a picture: tracks from log types to destinations, in one SVG file without script or outside parts. Pure. */
import type { RouteBundle } from '../model/alerts/route-table.ts'
import { type Chart, escapeMarkup, SEVERITY_COLOURS, SHOWN_SEVERITIES, type Track } from './_chart.ts'

const ROW = 22
const MARGIN = 24
const LOG_TYPE_WIDTH = 230
const CHIP = 20
const LABEL_WIDTH = 330
const COLUMN = 34
const NAME_HEIGHT = 150
const CHIPS_AT = MARGIN + LOG_TYPE_WIDTH
const LABEL_AT = CHIPS_AT + CHIP * SHOWN_SEVERITIES.length + 10
const COLUMNS_AT = LABEL_AT + LABEL_WIDTH
const TITLE_HEIGHT = 54
const ROWS_AT = TITLE_HEIGHT + NAME_HEIGHT
/** The space for the last column title, which is rotated and leans to the right. */
const LEAN = 130

const STYLE = `
text{font:12px system-ui,'Segoe UI',sans-serif;fill:#1f2933}
.title{font-size:18px;font-weight:600}.quiet{fill:#66707c}.type{font-weight:600}
.letter{fill:#fff;font-size:10px}
.band{fill:#f4f6f8}.rail{stroke:#b9c2cc;stroke-width:2}.line{stroke:#e3e8ed}
.stop{fill:#1d6f5c}.fallback{fill:#fff;stroke:#e08a1e;stroke-width:3}.nowhere{fill:#d1432f}.suppressed{fill:#8a94a0}.unknown{stroke:#66707c}.maybe{fill:#fff;stroke-width:2;stroke-dasharray:3 2}.stop.maybe{stroke:#1d6f5c}
`

/** A picture that is a file of its own. */
export function routesSvg(chart: Chart): string {
  const { open, content } = picture(chart)
  return `${open}
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="#fff"/>
${content}
</svg>
`
}

/** A picture for a page whose stylesheet has its colours. It holds no style, which the policy of such a page refuses. */
export function routesSvgForPage(chart: Chart): string {
  const { open, content } = picture(chart)
  return `${open}
${content}
</svg>
`
}

function picture(chart: Chart): { readonly open: string; readonly content: string } {
  const rows = chart.groups.reduce((sum, { tracks }) => sum + tracks.length, 0)
  const width = COLUMNS_AT + chart.columns.length * COLUMN + LEAN + MARGIN
  const height = ROWS_AT + rows * ROW + MARGIN * 2
  let row = 0
  const groups = chart.groups.map(({ logType, tracks }, index) => {
    const y = ROWS_AT + row * ROW
    row += tracks.length
    return groupMarkup(logType, tracks, y, index % 2 === 0, width)
  })
  return {
    open: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Where alerts go">`,
    content: [
      heading(chart),
      ...groups.map(({ back }) => back),
      ...chart.columns.map(({ name, isUndeclared }, i) => columnMarkup(name, isUndeclared, i, height)),
      ...groups.map(({ front }) => front),
    ].join('\n'),
  }
}

function heading({ detections, columns }: Chart): string {
  const destinations = columns.filter(({ isUndeclared }) => !isUndeclared).length
  const legend = [
    ['stop', 'gets it'],
    ['fallback', 'gets it as the fallback'],
    ['stop maybe', 'may get it: decided at run time'],
  ].map(
    ([kind, text], i) =>
      `<circle class="${kind}" cx="${MARGIN + 6 + i * 180}" cy="${TITLE_HEIGHT + 12}" r="5"/><text class="quiet" x="${MARGIN + 18 + i * 180}" y="${TITLE_HEIGHT + 16}">${text}</text>`,
  )
  return `<text class="title" x="${MARGIN}" y="34">Where ${detections} detections' alerts go</text>
<text class="quiet" x="${MARGIN}" y="${TITLE_HEIGHT - 2}">by log type, equal routes drawn together; ${destinations} destinations</text>
${legend.join('')}`
}

function columnMarkup(name: string, isUndeclared: boolean, index: number, height: number): string {
  const x = COLUMNS_AT + index * COLUMN + COLUMN / 2
  const shown = escapeMarkup(cut(name, 24))
  return `<line class="line" x1="${x}" x2="${x}" y1="${ROWS_AT - 4}" y2="${height - MARGIN * 2}"/><text class="${isUndeclared ? 'quiet' : 'type'}" transform="translate(${x},${ROWS_AT - 10}) rotate(-50)"><title>${escapeMarkup(name)}</title>${shown}</text>`
}

function groupMarkup(logType: string, tracks: readonly Track[], y: number, banded: boolean, width: number) {
  const band = `<rect class="band" x="0" y="${y}" width="${width}" height="${tracks.length * ROW}"/>`
  const name = `<text class="type" x="${MARGIN}" y="${y + 15}"><title>${escapeMarkup(logType)}</title>${escapeMarkup(cut(logType, 32))}</text>`
  return {
    back: banded ? band : '',
    front: [name, ...tracks.map((track, i) => trackMarkup(track, y + i * ROW))].join('\n'),
  }
}

function trackMarkup({ bundle, stops, label }: Track, y: number): string {
  const middle = y + ROW / 2
  const xs = stops.map((stop) => COLUMNS_AT + stop * COLUMN + COLUMN / 2)
  const rail =
    xs.length > 0
      ? `<line class="rail" x1="${COLUMNS_AT - 14}" x2="${Math.max(...xs)}" y1="${middle}" y2="${middle}"/>`
      : ''
  const circles = xs.map((x) => `<circle class="${stopClass(bundle)}" cx="${x}" cy="${middle}" r="6"/>`)
  const listed = escapeMarkup(bundle.detections.join('\n'))
  const chips = SHOWN_SEVERITIES.map((severity, i) => {
    if (!bundle.severities.includes(severity)) return ''
    const x = CHIPS_AT + i * CHIP
    return `<rect class="${severity.toLowerCase()}" x="${x}" y="${y + 4}" width="16" height="14" rx="3" fill="${SEVERITY_COLOURS[severity]}"><title>${severity}</title></rect><text x="${x + 8}" y="${y + 15}" text-anchor="middle" class="letter">${severity[0]}</text>`
  })
  return `<g><title>${listed}</title>${rail}${chips.join('')}<text x="${LABEL_AT}" y="${y + 15}">${escapeMarkup(cut(label, 46))}</text>${circles.join('')}</g>`
}

function stopClass({ end, evidence }: RouteBundle): string {
  const kind = end === 'destinations' ? 'stop' : end
  return evidence === 'unknown' ? `${kind} maybe` : kind
}

function cut(text: string, maxChars: number): string {
  const characters = Array.from(text)
  return characters.length <= maxChars ? text : `${characters.slice(0, maxChars - 1).join('')}…`
}
