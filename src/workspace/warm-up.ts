/** Python, booting before anything else is loaded. Imports as little as it can. */
import { imageFolder, processEnvironment } from '../config/env-file.ts'
import { WarmEngine } from '../engine/warm.ts'

let early: WarmEngine | undefined

/** For whoever calls `warmUp` next; keeps no process from ending where nobody does. */
export function warmUpEarly(): void {
  early ??= boot()
}

/** An interpreter that boots beside what follows. `cool` it where no engine comes of it. */
export function warmUp(project?: string): WarmEngine {
  const warm = early ?? boot(project)
  early = undefined
  return warm
}

function boot(project?: string): WarmEngine {
  const projects = project === undefined ? [] : [project]
  return new WarmEngine(imageFolder(processEnvironment(), ...projects) ?? undefined)
}
