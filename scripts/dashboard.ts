// Writes deploy/grafana/signalbox.json, the dashboard for Grafana. Run it after a change of scripts/dashboard/panels.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDashboard } from './dashboard/make-dashboard.ts'

writeFileSync(join(import.meta.dirname, '..', 'deploy', 'grafana', 'signalbox.json'), makeDashboard())
