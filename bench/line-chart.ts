/** Curves with two logarithmic axes, as one SVG text without script or outside parts. Pure. */

export interface LineChart {
  readonly title: string
  /** What the axis across shows. */
  readonly x: string
  /** What the axis upwards shows. */
  readonly y: string
  readonly curves: readonly {
    readonly name: string
    /** Values above 0, in ascending order of x. */
    readonly points: readonly { readonly x: number; readonly y: number }[]
  }[]
}

const [WIDTH, HEIGHT] = [720, 420]
const PLOT = { left: 80, right: 560, top: 60, bottom: 360 }
const COLOURS = ['#1d6f5c', '#d1432f', '#3465a4']
const STYLE = `text{font:13px system-ui,'Segoe UI',sans-serif;fill:#1f2933}.title{font-size:17px;font-weight:600}.grid{stroke:#e3e8ed}`

export function lineChartSvg({ title, x, y, curves }: LineChart): string {
  const points = curves.flatMap((curve) => curve.points)
  const across = axis(
    points.map((point) => point.x),
    PLOT.left,
    PLOT.right,
  )
  const upwards = axis(
    points.map((point) => point.y),
    PLOT.bottom,
    PLOT.top,
  )
  const grid = [
    ...across.ticks.map((value) => {
      const at = across.at(value)
      return `<line class="grid" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${PLOT.bottom}"/><text x="${at}" y="${PLOT.bottom + 20}" text-anchor="middle">${label(value)}</text>`
    }),
    ...upwards.ticks.map((value) => {
      const at = upwards.at(value)
      return `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/><text x="${PLOT.left - 8}" y="${at + 4}" text-anchor="end">${label(value)}</text>`
    }),
  ]
  const lines = curves.map((curve, i) => {
    const colour = COLOURS[i % COLOURS.length]!
    const at = curve.points.map((point) => [across.at(point.x), upwards.at(point.y)] as const)
    const [lastX, lastY] = at.at(-1)!
    return `<polyline fill="none" stroke="${colour}" stroke-width="2.5" points="${at.map((pair) => pair.join(',')).join(' ')}"/>
${at.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}"/>`).join('')}
<text x="${lastX + 10}" y="${lastY + 4}" style="fill:${colour}">${curve.name}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text class="title" x="${PLOT.left}" y="30">${title}</text>
${grid.join('\n')}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 44}" text-anchor="middle">${x}</text>
<text transform="translate(20,${(PLOT.top + PLOT.bottom) / 2}) rotate(-90)" text-anchor="middle">${y}</text>
${lines.join('\n')}
</svg>
`
}

/** Covers whole powers of ten. */
function axis(values: readonly number[], from: number, to: number) {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))))
  const at = (value: number) =>
    Math.round(from + ((Math.log10(value) - first) / (last - first)) * (to - from))
  return { at, ticks: Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i)) }
}

function label(value: number): string {
  return value.toLocaleString('en')
}
