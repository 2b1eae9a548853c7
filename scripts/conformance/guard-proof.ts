// Runs detections under native CPython on the events for which their guards decide that they do not match.
import { alertsOn } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { nativeRequest, runNative } from './native-driver.ts'

/** A silent value may not depend on the order of a set, so any order will do. */
const HASH_SEED = '0'

export interface SilentEvent {
  readonly detection: string
  readonly entry: string
}

/** The results of the detections that did match or raise. */
export async function contradictions(
  project: Project,
  events: readonly SilentEvent[],
): Promise<{ readonly event: SilentEvent; readonly text: string }[]> {
  const request = nativeRequest(
    project,
    events.map(({ detection, entry }) => ({ detection, entry, mocks: '[]' })),
  )
  const answer = await runNative(request, HASH_SEED)
  if (answer === null) throw new Error('python3 cannot be run')
  const { outcomes } = answer
  return outcomes.flatMap(({ functions, output }, at) => {
    const event = events[at]!
    const silent = !alertsOn(project.detections.get(event.detection)!.type)
    const result = functions.detection
    if (result?.output === silent && !result.error && output === '') return []
    const text = `${event.detection}: ${JSON.stringify(result)} ${output} on ${event.entry.slice(0, 2_000)}`
    return [{ event, text }]
  })
}
