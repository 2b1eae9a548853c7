/** A worker thread with an HTTP server that notes when each alert came. Posts its URL, then arrivals when asked for n. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { parentPort } from 'node:worker_threads'

export interface Arrival {
  readonly alertId: string
  readonly title: string
  /** Epoch milliseconds, with fractions. */
  readonly at: number
}

/** What Alertmanager sends of an alert that is a group of its own. */
interface OfAlertmanager {
  readonly commonLabels?: { readonly alertname?: string }
}

const arrivals: Arrival[] = []
let wanted = Number.POSITIVE_INFINITY

const server = createServer((request, response) => {
  const at = performance.timeOrigin + performance.now()
  void buffer(request).then((body) => {
    if (request.url === '/fails') return void response.writeHead(500).end()
    if (request.url === '/waits') return void response.writeHead(429, { 'retry-after': '1' }).end()
    const payload = JSON.parse(body.toString()) as Partial<Arrival> & OfAlertmanager
    response.end('ok')
    const { alertId = '', title = payload.commonLabels?.alertname ?? '' } = payload
    arrivals.push({ alertId, title, at })
    answer()
  })
})

function answer(): void {
  if (arrivals.length < wanted) return
  wanted = Number.POSITIVE_INFINITY
  parentPort!.postMessage(arrivals.splice(0))
}

parentPort!.on('message', (count: number) => {
  wanted = count
  answer()
})
server.listen(0, '127.0.0.1', () => {
  parentPort!.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
