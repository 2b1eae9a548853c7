// Makes the dashboard of its panels, as Grafana imports it.
import { type Panel, ROWS } from './panels.ts'

const GRID_COLUMNS = 24
const STAT_SIZE = { w: 6, h: 4 }
const LINES_SIZE = { w: 12, h: 8 }
const DATA_SOURCE = { type: 'prometheus', uid: '$datasource' }

/** Returns the text of the file. */
export function makeDashboard(): string {
  const panels: object[] = []
  let y = 0
  for (const row of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y, w: GRID_COLUMNS, h: 1 },
      panels: [],
    })
    y++
    let x = 0
    let height = 0
    for (const panel of row.panels) {
      const { w, h } = panel.kind === 'stat' ? STAT_SIZE : LINES_SIZE
      if (x + w > GRID_COLUMNS) {
        y += height
        x = 0
        height = 0
      }
      panels.push(panelJson(panel, panels.length + 1, { x, y, w, h }))
      x += w
      height = Math.max(height, h)
    }
    y += height
  }
  return `${JSON.stringify({ ...FRAME, panels }, null, 2)}\n`
}

function panelJson({ title, description, kind, unit, queries }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: kind === 'stat' ? 'stat' : 'timeseries',
    title,
    description,
    datasource: DATA_SOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, min: unit === 'dateTimeFromNow' ? null : 0 }, overrides: [] },
    options: kind === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'] } } : { tooltip: { mode: 'multi' } },
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATA_SOURCE,
      expr,
      legendFormat: legend,
      instant: kind === 'stat',
      range: kind !== 'stat',
    })),
  }
}

const FRAME = {
  uid: 'signalbox',
  title: 'Signalbox',
  tags: ['signalbox'],
  schemaVersion: 39,
  version: 1,
  editable: true,
  refresh: '1m',
  time: { from: 'now-6h', to: 'now' },
  timezone: 'browser',
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
      {
        name: 'instance',
        label: 'Daemon',
        type: 'query',
        datasource: DATA_SOURCE,
        query: 'label_values(signalbox_build_info, instance)',
        refresh: 2,
        multi: true,
        includeAll: true,
        allValue: '.+',
        current: { text: 'All', value: '$__all' },
      },
    ],
  },
}
