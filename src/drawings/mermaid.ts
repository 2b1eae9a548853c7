/** Draws routes as a Mermaid flowchart, which code hosts render in Markdown. Pure. */
import type { Chart } from './_chart.ts'

export function routesMermaid(chart: Chart): string {
  const groups = chart.groups.map(({ logType, tracks }, group) => {
    const nodes = tracks.map(
      ({ bundle, label }, track) =>
        `    b${group}_${track}["${quote(`${label}<br/>${bundle.severities.join(', ')}`)}"]`,
    )
    return [`  subgraph g${group}["${quote(logType)}"]`, ...nodes, '  end'].join('\n')
  })
  const columns = chart.columns.map(({ name, isUndeclared }, i) =>
    isUndeclared ? `  d${i}{{"${quote(name)}"}}` : `  d${i}(["${quote(name)}"])`,
  )
  const edges = chart.groups.flatMap(({ tracks }, group) =>
    tracks.flatMap(({ bundle, stops }, track) => {
      const arrow = bundle.end === 'fallback' || bundle.evidence === 'unknown' ? '-.->' : '-->'
      return stops.map((stop) => `  b${group}_${track} ${arrow} d${stop}`)
    }),
  )
  return `${['flowchart LR', ...groups, ...columns, ...edges].join('\n')}\n`
}

/** Quotes text with Mermaid's entities. Only the line breaks of the caller stay markup. */
function quote(text: string): string {
  return text
    .split('<br/>')
    .map((part) => part.replace(/[^\p{L}\p{N} .,:_()/*-]/gu, (character) => `#${character.codePointAt(0)};`))
    .join('<br/>')
}
