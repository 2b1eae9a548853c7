/** Makes the part of the server that is the HTTP API, over the store and the project that is active now. */
import { Streams } from '../../server/api/change-stream.ts'
import type { ServerPart } from '../../server/server.ts'
import { VERSION } from '../../version.ts'
import type { DaemonOptions, Resources } from '../resources.ts'
import { apiActs } from './api-acts.ts'

interface OpenApi {
  readonly part: ServerPart
  readonly streams: Streams
  /** Ends the streams, so that the server can close. */
  close(): Promise<void>
}

/** @param wake lets deliveries begin that an act has created. */
export function openApi(resources: Resources, options: DaemonOptions, wake: () => void): OpenApi {
  const { store, current, absence } = resources
  const streams = new Streams(store, () => performance.now())
  const ports = {
    store,
    acts: apiActs(resources, options, { wake }),
    detections: () => current.generation.project.detections,
    destinations: () => current.generation.project.registry.destinations,
    version: VERSION,
  }
  const away = () => absence.lastingReason
  return {
    // Its libraries are loaded only where there is an address.
    part: async (scope, access) => {
      const { addApi } = await import('../../server/api/api-part.ts')
      await addApi(scope, access, { log: options.log, streams, away, ports })
    },
    streams,
    close: () => streams.close(),
  }
}
